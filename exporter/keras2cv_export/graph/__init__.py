"""The few moves on an onnx-ir graph that every pass is made of."""
