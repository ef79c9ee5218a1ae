"""Further files of a bundle's net, for newer OpenCVs: which are worth their size, and their proof."""
