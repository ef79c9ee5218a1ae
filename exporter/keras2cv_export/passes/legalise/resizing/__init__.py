"""Resizes in the forms that every engine computes alike."""
