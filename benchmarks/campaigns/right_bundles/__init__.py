"""Right bundles whose numbers are hard on a comparison: none may be accused, on any OpenCV."""
