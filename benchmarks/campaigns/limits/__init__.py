"""Where the time goes, in OpenCV and in onnxruntime: docs/performance_limits.md.

    python -m campaigns.limits -o docs/

`chains.py` times the smallest cases, chains of one kind of layer; `profiles.py` asks both engines
what each layer of a model took, from the files that `campaigns.performance` has prepared.
"""
