"""The state of this machine: OpenCV's build, devices, clashes, known holes."""
