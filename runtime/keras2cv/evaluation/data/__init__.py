"""Labelled data in the forms that people have: one file for each form, `find.py` tells them apart.

A reader takes the place and the task, and returns the data, or None if it has another form. It
looks at labels and names only; pictures are decoded later, one after the other.
"""
