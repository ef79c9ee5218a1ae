"""Two sides timed in turns, each in a process of its own."""
