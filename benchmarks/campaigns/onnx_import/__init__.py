"""ONNX files of three other exporters, imported, and run on every OpenCV beside the plain file."""
