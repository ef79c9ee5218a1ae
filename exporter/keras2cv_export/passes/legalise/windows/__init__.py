"""Convolutions and pools whose windows an engine gets wrong."""
