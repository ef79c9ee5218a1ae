"""Keypoints of one object per image."""
