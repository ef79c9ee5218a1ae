"""Train a classifier, a detector and a segmenter on drawn shapes, and evaluate all three.

    python examples/evaluate_demo.py -o demo/          # a few minutes on two cores

Each becomes a bundle and is measured by `keras2cv evaluate` on pictures that it has not seen, in
Keras and in OpenCV: a page for each lies in the folder. Needs keras2cv[export,pages].
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import Any

import cv2
import keras
import numpy as np
from keras import layers, ops

import keras2cv_export
from keras2cv.cli import main as keras2cv_command
from keras2cv_export import DetectOptions, SegmentOptions

SHAPES = ("circle", "square", "triangle")
SIDE = 64  # of a model's input
GRID = 8  # cells of the detector along a side
RNG = np.random.default_rng(7)


def draw(count: int) -> tuple[np.ndarray, np.ndarray, list[tuple[int, tuple[int, ...]]]]:
    """Return a picture (64, 64, 3) uint8 RGB, its mask (0: nothing), and (shape, x0 y0 x1 y1)."""
    picture = cv2.resize(RNG.integers(60, 200, (5, 5, 3)).astype(np.uint8), (SIDE, SIDE))
    mask = np.zeros((SIDE, SIDE), np.uint8)
    for _ in range(count):
        shape, radius = int(RNG.integers(3)), int(RNG.integers(7, 14))
        x, y = (int(v) for v in RNG.integers(radius, SIDE - radius, 2))
        if mask[y - radius : y + radius, x - radius : x + radius].any():
            continue
        colour = tuple(int(v) for v in RNG.choice([0, 255], 3) * 0.5 + RNG.integers(0, 128, 3))
        for canvas, paint in ((picture, colour), (mask, shape + 1)):
            if shape == 0:
                cv2.circle(canvas, (x, y), radius, paint, cv2.FILLED)
            elif shape == 1:
                cv2.rectangle(canvas, (x - radius, y - radius), (x + radius, y + radius), paint, -1)
            else:
                corners = [[x - radius, y + radius], [x + radius, y + radius], [x, y - radius]]
                cv2.fillPoly(canvas, [np.array(corners)], paint)
    noisy = np.clip(picture + RNG.normal(0, 9, picture.shape), 0, 255).astype(np.uint8)
    boxes = []
    count, places = cv2.connectedComponents((mask > 0).astype(np.uint8))
    for number in range(1, count):
        rows, columns = np.nonzero(places == number)
        corners = (columns.min(), rows.min(), columns.max() + 1, rows.max() + 1)
        boxes.append((int(mask[rows[0], columns[0]]) - 1, tuple(map(int, corners))))
    return noisy, mask, boxes


def body(filters: int) -> tuple[Any, Any, Any]:
    """Return the input, and features at a half and at an eighth of its size."""
    photo = keras.Input((SIDE, SIDE, 3), name="photo")
    x = layers.Rescaling(1 / 127.5, -1)(photo)
    half = None
    for step in range(3):
        x = layers.Conv2D(filters * (step + 1), 3, padding="same", use_bias=False)(x)
        x = layers.ReLU()(layers.BatchNormalization(momentum=0.9)(x))
        x = layers.MaxPooling2D()(x)
        half = x if step == 0 else half
    x = layers.Conv2D(filters * 3, 3, padding="same", activation="relu")(x)
    return photo, half, x


def classifier(samples: list[Any], epochs: int) -> keras.Model:
    """Train on pictures with one shape each."""
    photo, _, features = body(16)
    scores = layers.Dense(3, activation="softmax")(layers.GlobalMaxPooling2D()(features))
    model = keras.Model(photo, scores)
    model.compile(keras.optimizers.Adam(2e-3), "sparse_categorical_crossentropy")
    model.fit(_pictures(samples), np.array([s[2][0][0] for s in samples]), 32, epochs, verbose=0)
    return model


def segmenter(samples: list[Any], epochs: int) -> keras.Model:
    """Train a small U-Net."""
    photo, half, features = body(12)
    x = layers.UpSampling2D(4, interpolation="bilinear")(features)
    x = layers.Conv2D(24, 3, padding="same", activation="relu")(layers.Concatenate()([x, half]))
    x = layers.UpSampling2D(2, interpolation="bilinear")(x)
    model = keras.Model(photo, layers.Conv2D(4, 3, padding="same", activation="softmax")(x))
    model.compile(keras.optimizers.Adam(2e-3), "sparse_categorical_crossentropy")
    model.fit(_pictures(samples), np.stack([s[1] for s in samples]), 32, epochs, verbose=0)
    return model


def detector(samples: list[Any], epochs: int) -> keras.Model:
    """Train a score for each shape and a box (cx, cy, w, h as shares) in each cell of a grid."""
    photo, _, x = body(16)
    x = layers.Conv2D(96, 3, padding="same", activation="relu")(x)
    scores = layers.Conv2D(3, 1, activation="sigmoid")(x)
    shares = layers.Conv2D(4, 1, activation="sigmoid")(x)
    cells = np.stack(np.meshgrid(np.arange(GRID), np.arange(GRID)), -1)[None] / GRID
    centre = ops.add(ops.multiply(shares[..., :2], 1 / GRID), cells.astype(np.float32))
    boxes = ops.concatenate([centre, shares[..., 2:]], axis=-1)
    boxes = layers.Reshape((GRID * GRID, 4), name="boxes")(boxes)
    scores = layers.Reshape((GRID * GRID, 3), name="scores")(scores)
    model = keras.Model(photo, {"boxes": boxes, "scores": scores})
    true = [_targets(sample[2]) for sample in samples]
    truth = {"boxes": np.stack([t[0] for t in true]), "scores": np.stack([t[1] for t in true])}
    weights = {"boxes": 20.0, "scores": 1.0}
    losses = {"boxes": _box_loss, "scores": _score_loss}
    model.compile(keras.optimizers.Adam(2e-3), losses, loss_weights=weights)
    model.fit(_pictures(samples), truth, 32, epochs, verbose=0)
    return model


def _targets(boxes: list[Any]) -> tuple[np.ndarray, np.ndarray]:
    """Return boxes (64, 5), the last 1 where there is one, and scores (64, 3)."""
    places, scores = np.zeros((GRID**2, 5), np.float32), np.zeros((GRID**2, 3), np.float32)
    for shape, (x0, y0, x1, y1) in boxes:
        cx, cy = (x0 + x1) / 2 / SIDE, (y0 + y1) / 2 / SIDE
        cell = int(cy * GRID) * GRID + int(cx * GRID)
        places[cell] = (cx, cy, (x1 - x0) / SIDE, (y1 - y0) / SIDE, 1)
        scores[cell, shape] = 1
    return places, scores


def _box_loss(true: Any, found: Any) -> Any:
    gaps = ops.sum(ops.abs(true[..., :4] - found), axis=-1) * true[..., 4]
    return ops.sum(gaps, axis=-1) / (ops.sum(true[..., 4], axis=-1) + 1e-6)


def _score_loss(true: Any, found: Any) -> Any:
    """Focal loss: most cells are empty."""
    found = ops.clip(found, 1e-6, 1 - 1e-6)
    right = true * ops.log(found) * (1 - found) ** 2
    wrong = (1 - true) * ops.log(1 - found) * found**2
    return -ops.sum(2 * right + wrong, axis=(1, 2)) / 2


def _pictures(samples: list[Any]) -> np.ndarray:
    return np.stack([sample[0] for sample in samples]).astype(np.float32)


def write_data(folder: Path, single: list[Any], several: list[Any]) -> None:
    """Write a folder per class; COCO JSON; pictures and masks."""
    for number, (picture, _, boxes) in enumerate(single):
        _write(folder / "classes" / SHAPES[boxes[0][0]] / f"{number:03d}.png", picture)
    images, annotations = [], []
    for number, (picture, mask, boxes) in enumerate(several):
        name = f"{number:03d}.png"
        _write(folder / "several" / "images" / name, picture)
        _write(folder / "several" / "masks" / name, mask)
        images.append({"id": number, "file_name": name, "width": SIDE, "height": SIDE})
        for shape, (x0, y0, x1, y1) in boxes:
            box = [x0, y0, x1 - x0, y1 - y0]
            annotations.append(
                {
                    "id": len(annotations) + 1, "image_id": number, "category_id": shape + 1,
                    "bbox": box, "area": box[2] * box[3], "iscrowd": 0,
                }
            )  # fmt: skip
    categories = [{"id": k + 1, "name": name} for k, name in enumerate(SHAPES)]
    record = {"images": images, "annotations": annotations, "categories": categories}
    (folder / "several" / "instances.json").write_text(json.dumps(record))
    (folder / "several" / "masks" / "classes.txt").write_text("\n".join(("nothing", *SHAPES)))


def _write(path: Path, pixels: np.ndarray) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    cv2.imwrite(str(path), pixels[..., ::-1] if pixels.ndim == 3 else pixels)


def main() -> int:
    """Train, export, evaluate; return the highest exit code of the evaluations."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("-o", "--output", type=Path, required=True, help="a folder")
    parser.add_argument("--samples", type=int, default=1500, help="pictures to train on")
    parser.add_argument("--epochs", type=int, default=12)
    args = parser.parse_args()
    folder: Path = args.output
    keras.utils.set_random_seed(7)
    single, several = ([], [])
    while len(single) < args.samples + 300:
        sample = draw(1)
        single += [sample] if len(sample[2]) == 1 else []
        several.append(draw(3))
    write_data(folder / "data", single[args.samples :], several[args.samples :])
    common: dict[str, Any] = {"preprocess": "none", "resize": "stretch"}
    several_data = folder / "data" / "several"
    for name, train, samples, options, data in (
        ("classifier", classifier, single, {"labels": SHAPES}, [folder / "data" / "classes"]),
        (
            "detector", detector, several,
            {
                "labels": SHAPES,
                "detect": DetectOptions(
                    boxes="boxes", scores="scores", box_format="cxcywh", box_units="normalised",
                    score=0.4, nms=0.5,
                ),
            },
            [several_data / "images", several_data / "instances.json"],
        ),
        (
            "segmenter", segmenter, several,
            {"labels": ("nothing", *SHAPES), "segment": SegmentOptions()},
            [several_data / "images", several_data / "masks"],
        ),
    ):  # fmt: skip
        print(f"\ntraining the {name} ...")
        model = train(samples[: args.samples], args.epochs)
        model.compile()  # the file needs no losses
        model.save(folder / f"{name}.keras")
        bundle = folder / f"{name}.cv"
        keras2cv_export.export(folder / f"{name}.keras", bundle, **common, **options)
        page = ["--html", str(folder / f"{name}.html"), "--json", str(folder / f"{name}.json")]
        places = [str(place) for place in data]
        against = ["--against", str(folder / f"{name}.keras")]
        keras2cv_command(["evaluate", str(bundle), *places, *against, *page])
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
