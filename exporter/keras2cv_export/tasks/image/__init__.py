"""An image from an image."""
