"""The exporter's side of a task: recognised, described and decided, one file per task."""
