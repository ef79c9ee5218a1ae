"""A net's file is examined before OpenCV parses it, with the standard library and NumPy alone."""
