"""The registry of rewrites: one file for each stage, one row for each pass, in their order."""
