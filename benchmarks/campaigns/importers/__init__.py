"""What each importer of OpenCV runs, measured with graphs of one node.

    python -m campaigns.importers

runs them in an environment per version (those of `keras2cv matrix`) and writes
`keras2cv_export/support/measured.py`. A graph that is refused, crashes, or gives other numbers than
ONNX Runtime is not run.
"""
