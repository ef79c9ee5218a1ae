"""Train the sample's detector, export it, and draw its picture.

    python -m campaigns.sample [-o FOLDER] [--scenes 3000] [--epochs 28]

FOLDER is `runtime/keras2cv/sample/` of the checkout. It takes about five minutes on two cores. The
same seed gives the same pictures; the weights differ in their last digits, since threads add floats
in any order.
"""

from __future__ import annotations

import argparse
import json
import shutil
import tempfile
from pathlib import Path
from typing import Any, Final

import cv2
import numpy as np

from campaigns.sample.detector import HEIGHT, WIDTH, box_loss, build, focal_loss, targets
from campaigns.sample.scenes import LABELS, Scene, draw_scene, draw_scenes
from keras2cv.sample import BUNDLE, PHOTO

PHOTO_WH: Final = (640, 480)
PHOTO_SEED: Final = 596  # one of the first with every shape
_SEED: Final = 7
_DRAWN_WH: Final = (160, 120)
_BATCH: Final = 16
_SAMPLES: Final = 3  # pictures for the self-test
_LEVEL: Final = 16  # of the 256 of a pixel, between two that they have


def main() -> None:
    """Write the bundle and the picture."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("-o", "--output", type=Path, default=BUNDLE.parent)
    parser.add_argument("--scenes", type=int, default=3000)
    parser.add_argument("--epochs", type=int, default=28)
    args = parser.parse_args()
    model = train(list(draw_scenes(args.scenes, _DRAWN_WH, _SEED)), args.epochs)
    write_photo(args.output / PHOTO.name)
    with tempfile.TemporaryDirectory() as folder:
        export_to(args.output / BUNDLE.name, model, Path(folder))


def train(scenes: list[Scene], epochs: int) -> Any:
    """Return a model that has learned the scenes."""
    from keras2cv_export.quiet.tensorflow import keras

    keras.utils.set_random_seed(_SEED)
    model = build(len(LABELS))
    x = inputs(scenes)
    views = [targets(mirrored(scenes, view), len(LABELS)) for view in range(4)]
    steps = epochs * -(-len(x) // _BATCH)
    adam = keras.optimizers.Adam(keras.optimizers.schedules.CosineDecay(3e-3, steps))
    model.compile(adam, loss={"boxes": box_loss, "scores": focal_loss}, jit_compile=False)
    for epoch in range(epochs):
        view = epoch % 4
        boxes, scores = views[view]
        turned = x[:, :: -1 if view & 2 else 1, :: -1 if view & 1 else 1]
        shown = np.roll(turned, epoch // 4, axis=-1)  # in other colours
        wanted = {"boxes": boxes, "scores": scores}
        fitted = model.fit(shown, wanted, batch_size=_BATCH, verbose=0)
        print(f"epoch {epoch + 1} of {epochs}: loss {fitted.history['loss'][0]:.3f}", flush=True)
    return model


def mirrored(scenes: list[Scene], view: int) -> list[Scene]:
    """Return the scenes with their boxes mirrored; the pictures stay as they are.

    Bit 0 of `view` exchanges left and right, bit 1 top and bottom.
    """
    return [scene._replace(boxes=mirrored_boxes(scene.boxes, view)) for scene in scenes]


def mirrored_boxes(boxes: Any, view: int) -> Any:
    """Return boxes (N, 4) xyxy, as shares, in the mirrors of `view`."""
    for axis in (0, 1):
        if view >> axis & 1:
            boxes = boxes.copy()
            boxes[:, [axis, axis + 2]] = 1 - boxes[:, [axis + 2, axis]]
    return boxes


def inputs(scenes: list[Scene]) -> Any:
    """Return the pictures as the bundle will prepare them, (N, 96, 128, 3) RGB 0..1."""
    small = [cv2.resize(scene.picture, (WIDTH, HEIGHT)) for scene in scenes]
    return np.stack(small)[..., ::-1].astype(np.float32) / 255


def write_photo(path: Path) -> None:
    """Draw the picture that ships with the bundle, and write its true boxes beside it."""
    scene = draw_scene(PHOTO_WH, np.random.default_rng(PHOTO_SEED))
    quality = [cv2.IMWRITE_JPEG_QUALITY, 85]
    path.write_bytes(cv2.imencode(".jpg", scene.picture, quality)[1].tobytes())
    truth = json.dumps(coco(scene, path.name), indent=1)
    path.with_suffix(".json").write_text(truth + "\n", encoding="utf-8")


def coco(scene: Scene, file_name: str) -> dict[str, Any]:
    """Return the boxes of a scene in COCO's form."""
    width, height = PHOTO_WH
    corners = (scene.boxes * (PHOTO_WH * 2)).round(1)
    boxes = np.concatenate([corners[:, :2], corners[:, 2:] - corners[:, :2]], axis=1).round(1)
    return {
        "images": [{"id": 1, "file_name": file_name, "width": width, "height": height}],
        "categories": [{"id": k, "name": name} for k, name in enumerate(LABELS, 1)],
        "annotations": [
            {"id": k, "image_id": 1, "category_id": int(number) + 1, "bbox": box.tolist(),
             "area": round(float(box[2] * box[3]), 1), "iscrowd": 0}
            for k, (box, number) in enumerate(zip(boxes, scene.classes, strict=True), 1)
        ],
    }  # fmt: skip


def export_to(bundle: Path, model: Any, work: Path) -> None:
    """Export the model, with a few smooth pictures of few levels, which pack well, to test by."""
    from keras2cv_export import export
    from keras2cv_export.parity.render import summary

    for number, scene in enumerate(draw_scenes(_SAMPLES, _DRAWN_WH, _SEED + 1)):
        smooth = cv2.medianBlur(scene.picture, 5) // _LEVEL * _LEVEL
        cv2.imwrite(str(work / f"{number}.png"), smooth)
    model.save(work / "shapes.keras")
    staged = work / bundle.name
    report = export(
        work / "shapes.keras",
        staged,
        preprocess="0-1",
        labels=LABELS,
        task="detect",
        detect={"box_format": "cxcywh", "box_units": "normalised", "score": 0.4, "nms": 0.5},
        samples=work,
        unsafe=True,  # the model is this campaign's own
    )
    if report.parity is not None:
        print(summary(report.parity))
    shutil.rmtree(bundle, ignore_errors=True)
    shutil.copytree(staged, bundle)


if __name__ == "__main__":
    main()
