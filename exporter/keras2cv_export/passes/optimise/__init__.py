"""Rewrites after which the same numbers come out faster."""
