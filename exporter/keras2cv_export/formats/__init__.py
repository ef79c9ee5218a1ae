"""The formats that a net is written in: ONNX, and TensorFlow's frozen graph."""
