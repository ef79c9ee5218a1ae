"""Points of one figure: joints, corners, features of a face."""
