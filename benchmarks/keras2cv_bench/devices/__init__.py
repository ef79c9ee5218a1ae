"""What GPUs make of bundles: right or wrong, beside TensorFlow's answers, and how fast.

python -m keras2cv_bench.devices.suite -o suite/          (with TensorFlow: bundles of the suite)
python -m keras2cv_bench.devices suite/ *.cv --json f     (with a GPU: each bundle, each device)
python -m keras2cv_bench.devices.speed *.cv --json f      (with a GPU, and nothing else running)
"""
