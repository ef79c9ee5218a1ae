"""Measure keras2cv: what an export costs, how near predictions are, what the runtime adds.

python -m campaigns.export_cost MobileNetV2 ResNet50 VGG16
python -m campaigns.parity_table
python -m campaigns.predict_cost
python -m campaigns.video_cost
python -m campaigns.devices BUNDLES...    (and .suite, .speed)
python -m campaigns.fuzz
python -m campaigns.reliability.soak    (and .threads, .faults, .kills)
"""
