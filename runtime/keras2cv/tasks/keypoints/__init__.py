"""Keypoints of one object per image: joints, corners, features of a face."""
