"""Measure keras2cv: what an export costs, how near predictions are, what the runtime adds.

python -m keras2cv_bench.export_cost MobileNetV2 ResNet50 VGG16
python -m keras2cv_bench.parity_table
python -m keras2cv_bench.predict_cost
python -m keras2cv_bench.video_cost
python -m keras2cv_bench.devices BUNDLES...    (and .suite, .speed)
python -m keras2cv_bench.fuzz
python -m keras2cv_bench.reliability.soak    (and .threads, .faults, .kills)
"""
