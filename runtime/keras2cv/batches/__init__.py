"""Predict batches of columns anywhere: results beside ids, bad records in a column of errors."""
