"""Where the time goes, in OpenCV and in onnxruntime: docs/performance_limits.md.

    python -m campaigns.limits -o docs/

`chains.py` times the smallest cases, chains of one kind of layer; `profiles.py` reads from both
engines how long each layer of a model took, for the files that `campaigns.performance` has
prepared.
"""
