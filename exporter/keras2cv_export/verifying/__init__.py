"""Compare a staged bundle with TensorFlow, in child processes, on every engine."""
