"""Measure with small graphs which ops each importer of OpenCV runs.

    python -m campaigns.importers

runs them in an environment per version (those of `keras2cv matrix`) and writes
`keras2cv_export/targets/importer_support/measured.py`. A graph that is refused, crashes, or gives
other numbers than ONNX Runtime is not run.
"""
