"""Rewrites into forms that the importers read and compute right."""
