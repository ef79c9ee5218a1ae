"""Strict JSON: the fields that every record of the manifest is read from."""
