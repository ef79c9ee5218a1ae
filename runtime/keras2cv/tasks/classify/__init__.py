"""One of many classes."""
