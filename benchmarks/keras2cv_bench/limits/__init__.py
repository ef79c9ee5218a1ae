"""Where the time goes, in OpenCV and in onnxruntime: docs/performance_limits.md.

    python -m keras2cv_bench.limits -o docs/

`chains.py` times the smallest cases, chains of one kind of layer; `profiles.py` asks both engines
what each layer of a model took, from the files that `keras2cv_bench.performance` has prepared.
"""
