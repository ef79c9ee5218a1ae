"""Make the sample that ships with the runtime: a small trained detector, and a picture for it."""
