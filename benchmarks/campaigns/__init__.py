"""Measurements of the project itself, run from a checkout: `python -m campaigns.atlas`."""

# What a child process of a campaign imports from where this one has it.
PACKAGES = ("keras2cv", "keras2cv_export", "keras2cv_bench", "campaigns")
