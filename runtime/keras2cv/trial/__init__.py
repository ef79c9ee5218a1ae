"""Run a bundle in a child process, because OpenCV may crash on it."""
