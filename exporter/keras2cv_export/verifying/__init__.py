"""A staged bundle held against TensorFlow, in child processes, on every engine."""
