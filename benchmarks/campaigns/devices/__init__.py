"""Bundles on GPUs: are they right, compared with TensorFlow's answers, and how fast?

python -m campaigns.devices.suite -o suite/          (with TensorFlow: bundles of the suite)
python -m campaigns.devices suite/ *.cv --json f     (with a GPU: each bundle, each device)
python -m campaigns.devices.speed *.cv --json f      (with a GPU, and nothing else running)
"""
