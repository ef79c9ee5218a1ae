"""From an encoded picture to the blob of a net, and back to the picture's pixels."""
