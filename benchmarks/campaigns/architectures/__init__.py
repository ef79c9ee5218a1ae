"""The same bundles on emulated ARM machines as on x86-64.

machines.sh     makes the machines: root, Debian 12, apt-get and pip
machines.py     finds them, as columns of the atlas
pixels.py       blobs, reads past an image's end, and costs: `*_child.py`, run by the machines
bundles.py      self-tests of bundles of all tasks
nets.py         the conformance suite
page.py         docs/architectures.md
"""
