"""The atlas: which Keras layer, op and model runs on which OpenCV, measured, as a page."""
