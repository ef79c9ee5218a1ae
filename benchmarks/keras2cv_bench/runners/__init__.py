"""Load and run each kind of subject: a module each, with `open_pipeline(job) -> Pipeline`.

A module imports its framework at the top, so that `import` and `load` can be timed apart. Threads
are set before anything computes. Everything is float32 and on the CPU.
"""
