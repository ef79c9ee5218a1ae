"""Batches of columns, as data frames and cluster engines pass them, and a model's inputs."""
