"""Measurements of the project itself, run from a checkout: `python -m campaigns.atlas`."""
