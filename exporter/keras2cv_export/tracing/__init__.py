"""From a Keras model to a flat TensorFlow graph, and from there to ONNX."""
