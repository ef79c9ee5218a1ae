"""The verbs that need TensorFlow: one file per verb, found by the runtime's command line."""
