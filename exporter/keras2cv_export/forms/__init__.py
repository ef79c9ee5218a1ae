"""Further files of a bundle's net, for newer OpenCVs: what they gain, and their proof."""
