"""Shapes, axes, slices and joins in the forms that importers read."""
