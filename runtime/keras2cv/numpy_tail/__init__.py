"""What the net leaves to NumPy: the last steps of a model that OpenCV has nothing for.

A model that ends in non-maximum suppression is cut before it. The net gives the `heads`, and the
steps of the manifest's `tail` make Keras' outputs of them, by TensorFlow's arithmetic. Nothing in
a tail is code: `step.py` lists all that it may say.
"""
