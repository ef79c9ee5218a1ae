"""`python -m campaigns.onnx_import FOLDER... WORK`; the folders are of the `*_models.py`."""

from .measure import main

if __name__ == "__main__":
    main()
