"""How each kind of subject is loaded and run: a module each, with `open_way(job) -> Way`.

A module imports its framework at the top, so that `import` and `load` can be timed apart. Threads
are set before anything computes. Everything is float32 and on the CPU.
"""
