"""The numbers, in NumPy alone. Ties, and classes without samples, are as in scikit-learn."""
