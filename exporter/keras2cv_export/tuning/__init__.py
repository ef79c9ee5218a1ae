"""`--tune`: the fastest settings that predict the same, on this machine."""
