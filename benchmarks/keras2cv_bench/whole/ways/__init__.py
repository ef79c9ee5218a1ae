"""The ways from a file to an answer: a module each, with `open_way(task) -> Way`.

A module imports its framework at the top, so that all of it counts from the start of the process.
"""
