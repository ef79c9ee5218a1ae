"""Text, boxes, points and regions on images, legible on any size and any background."""
