"""Rewrites that make a net faster and keep its results."""
