"""Measurements of the project itself, run from a checkout: `python -m campaigns.atlas`."""

# Packages that a campaign's child process imports from the same places as its parent.
PACKAGES = ("keras2cv", "keras2cv_export", "keras2cv_bench", "campaigns")
