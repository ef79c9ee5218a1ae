"""Work in a child process: a net that crashes, hangs or fills memory ends there."""
