"""Vectors that are near each other for images that are alike."""
