"""Measure the models that keras2cv is judged by, and write docs/performance.md.

    python -m campaigns.performance -o docs/
    python -m campaigns.performance -o /tmp/part --only MobileNetV2,ResNet50 --seconds 1
    python -m campaigns.performance --only models --minutes 40    (and again, to go on)

    models -prepare-> .keras and bundles -bench-> records, a JSON file each -page-> Markdown, SVG

Every model is exported once and kept in the user's cache, and so is every record: an interrupted
run can be resumed, and `--again` measures anew. Only measuring needs a quiet machine:
`--prepare-only` exports before. Some models come from KerasHub (`pip install keras-hub`), and the
peers that are not installed are left out (`pip install onnxruntime openvino ai-edge-litert`).
"""
