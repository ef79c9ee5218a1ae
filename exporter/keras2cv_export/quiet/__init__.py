"""TensorFlow kept silent, and Python's cycle collector kept out of the way."""
