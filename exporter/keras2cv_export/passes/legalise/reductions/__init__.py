"""Sums, means, orders and normalisations over axes."""
