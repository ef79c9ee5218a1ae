"""`check`: a bundle against the model that it was made from, as a record and a page."""
