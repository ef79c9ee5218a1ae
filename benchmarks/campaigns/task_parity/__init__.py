"""Boxes and masks of images, OpenCV's against those of the models' own Keras pipelines.

    python -m campaigns.task_parity

Exports the models of tests/tasks, runs each bundle on images in an environment per OpenCV, and
writes docs/tasks.md. `bar.py` defines the comparison and its bar.
"""
