"""`bench --pipeline`: from the file to the answer, beside what people would use instead."""
