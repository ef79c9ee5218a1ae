"""The nets that `run` uses: one, or several where that is faster."""

from __future__ import annotations

import sys
from argparse import Namespace
from collections.abc import Sequence

from keras2cv.frames import Source
from keras2cv.predictor import Predictor, load
from keras2cv.tuning import fastest


def load_one(args: Namespace) -> Predictor:
    """Load the bundle as the arguments say."""
    return load(
        args.bundle,
        device=args.device,
        engine=args.engine,
        threads=args.threads,
        score=args.score,
        nms=args.nms,
    )


def load_several(args: Namespace, model: Predictor, sources: Sequence[Source]) -> list[Predictor]:
    """Return the nets to use: one, or for `--batch auto` as many as are fastest."""
    if args.batch != "auto":
        return [model]
    if not all(source.kind in ("image", "video") for source in sources) or model.device != "cpu":
        return [model]  # a camera's answers would only be older, and a device is one for all
    models, way = fastest(model, lambda: load_one(args))
    nets = "1 net" if way.nets == 1 else f"{way.nets} nets"
    print(
        f"fastest here: {nets} on {way.threads} OpenCV threads each, "
        f"{way.images_per_s:.0f} images a second",
        file=sys.stderr,
    )
    return models
