"""Follow objects through a video, and count those that cross a line."""
