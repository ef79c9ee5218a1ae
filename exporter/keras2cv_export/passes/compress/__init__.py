"""Weights in half precision or bytes, decoded when OpenCV loads the net."""
