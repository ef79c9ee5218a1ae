"""A line of text: licence plates, meters, captchas, words."""
