"""Look through a SavedModel's graphs before TensorFlow loads them.

    meta_graph     one graph, and what of it runs: by loading, and by calling
    graph_dangers  operations that do more than compute, wherever they stand
    savers         TensorFlow's own nodes for saving, restoring and filling tables
    graph_sizes    what constants, variables and calls would grow to

TensorFlow's classes of messages read the file; nothing here runs a graph.
"""
