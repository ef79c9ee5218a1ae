"""Points of one figure."""
