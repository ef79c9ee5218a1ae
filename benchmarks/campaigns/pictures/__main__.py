"""Draw the pictures of the README and of the docs.

    python -m campaigns.pictures [-o ../docs/pictures] [--demo FOLDER]

`way.png` is the way from Keras to OpenCV, with the boxes that the sample's bundle finds.
`speed.svg` is a bar chart of docs/performance/figures.json, and `drawn.jpg` shows what
`keras2cv run sample photo --save` draws. With `--demo`, `evaluation.png` shows the pages that
`examples/evaluate_demo.py -o FOLDER` wrote, as a Chromium draws them.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import Any

import cv2

import keras2cv
from campaigns.pictures.evaluation import draw_evaluation
from campaigns.pictures.speed import draw_speed
from campaigns.pictures.way import draw_way
from keras2cv.pixels.image_file import read_image
from keras2cv.sample import BUNDLE, PHOTO

DOCS = Path(__file__).parents[3] / "docs"


def main() -> None:
    """Draw all of them."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("-o", "--output", type=Path, default=DOCS / "pictures")
    parser.add_argument("--demo", type=Path, help="where examples/evaluate_demo.py wrote to")
    args = parser.parse_args()
    folder: Path = args.output
    folder.mkdir(parents=True, exist_ok=True)
    photo = read_image(PHOTO)
    drawn = keras2cv.load(BUNDLE).predict(photo).draw(photo)
    cv2.imwrite(str(folder / "drawn.jpg"), drawn, [cv2.IMWRITE_JPEG_QUALITY, 88])
    figures: dict[str, Any] = json.loads(
        (DOCS / "performance" / "figures.json").read_text(encoding="utf-8")
    )
    for name, figure in (("way.png", draw_way(drawn)), ("speed.svg", draw_speed(figures))):
        figure.savefig(folder / name, metadata={"Date": None} if name.endswith("svg") else {})
    if args.demo:
        pages = draw_evaluation(args.demo)
        cv2.imwrite(str(folder / "evaluation.png"), pages, [cv2.IMWRITE_PNG_COMPRESSION, 9])


if __name__ == "__main__":
    main()
