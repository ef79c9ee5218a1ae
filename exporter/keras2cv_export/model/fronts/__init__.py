"""The first layers of a model that look text up or hash: described for NumPy, and cut off.

a Keras model -calls-> its layers' calls -cutting-> those before the net
-steps-> the manifest's front; drawing and proving: exactly Keras' numbers?
"""
