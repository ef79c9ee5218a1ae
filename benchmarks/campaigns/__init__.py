"""Measurements of the project itself, run from a checkout.

python -m campaigns.export_cost MobileNetV2 ResNet50 VGG16
python -m campaigns.parity_table
python -m campaigns.predict_cost
python -m campaigns.video_cost
python -m campaigns.devices BUNDLES...    (and .suite, .speed)
python -m campaigns.fuzz
python -m campaigns.guided
python -m campaigns.reliability.soak    (and .threads, .faults, .kills)

Each folder here is one more campaign, and its `__init__.py` or `__main__.py` describes it.
"""

# Packages that a campaign's child process imports from the same places as its parent.
PACKAGES = ("keras2cv", "keras2cv_export", "keras2cv_bench", "campaigns")
