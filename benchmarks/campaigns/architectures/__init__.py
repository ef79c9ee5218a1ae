"""The same pixels, and no read past an image's end, on emulated ARM machines.

`machines.sh` makes the machines; it needs root, Debian 12, apt and pip. `python -m
campaigns.architectures FOLDER` measures those in FOLDER and writes docs/architectures.md.
`--shard 1/4` measures every fourth machine.
"""
