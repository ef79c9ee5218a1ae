"""For each task: what is kept of a sample, and the numbers of all of them."""
