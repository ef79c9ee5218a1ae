"""The nets that `run` uses: one, or several where that is faster."""

from __future__ import annotations

import sys
from argparse import Namespace
from collections.abc import Sequence
from typing import Final

from keras2cv.frames import Source
from keras2cv.predictor import Predictor, load
from keras2cv.tuning import fastest, side_by_side

MANY_IMAGES: Final = 100  # below it, loading another net takes longer than it saves


def load_one(args: Namespace, *, again: bool = False) -> Predictor:
    """Load the bundle as the arguments say; `again`, one that was looked at already."""
    return load(
        args.bundle,
        device=args.device,
        engine=args.engine,
        threads=args.threads,
        check_hash=not again,
        score=args.score,
        nms=args.nms,
    )


def load_several(args: Namespace, model: Predictor, sources: Sequence[Source]) -> list[Predictor]:
    """Return the nets to use: one, or several for a video, many images, or `--batch auto`."""
    if not all(source.kind in ("image", "video") for source in sources) or model.device != "cpu":
        return [model]  # a camera's answers would only be older, and a device is one for all
    if args.batch == "auto":
        models, way = fastest(model, lambda: load_one(args, again=True))
        nets = "1 net" if way.nets == 1 else f"{way.nets} nets"
        print(
            f"fastest here: {nets} on {way.threads} OpenCV threads each, "
            f"{way.images_per_s:.0f} images a second",
            file=sys.stderr,
        )
        return models
    if len(sources) < MANY_IMAGES and not any(source.is_stream for source in sources):
        return [model]
    return side_by_side(model, lambda: load_one(args, again=True))[0]
