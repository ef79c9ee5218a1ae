"""`--tune`: the fastest settings that predict the same, on the machine at hand."""
