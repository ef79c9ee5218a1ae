"""The OpenCV that a file is for, and the forms that each of its importers runs."""
