"""Run a bundle in a child process, before anybody has seen OpenCV run it."""
