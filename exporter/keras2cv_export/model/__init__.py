"""A Keras model from any file: looked through, opened, described, and called as the reference."""
