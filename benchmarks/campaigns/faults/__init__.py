"""Faults put into right bundles, and what `check` says of each: docs/faults.md.

scenes.py      drawn pictures with their truth
subjects.py    small models of all tasks, trained on them, and the user's own pipeline of each
pipelines.py   the steps of those pipelines, written without the bundle's code
kinds/         the faults: a change of a bundle's manifest, net, golden vectors or evidence
trying.py      put a fault in, prove its effect, check
page.py        the table
"""
