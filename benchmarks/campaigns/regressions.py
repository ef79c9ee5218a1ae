"""See whether nets have become slower than they were in a release.

    python -m campaigns.regressions               compare with the newest records
    python -m campaigns.regressions --write       write the records of this version

    two small models -export-> bundles -bench-> records/<version>/<net>.json

Milliseconds of two machines, or of two hours, cannot be compared. So what is compared is a ratio:
the bundle's time over that of Keras' own ONNX export in the same cv2, which takes turns with it in
the same rounds. A run takes half a millisecond on one thread, so it is seldom interrupted: with
twenty processes waiting for two cores, the ratios were 0.52 and 0.56, and 0.77 and 0.80. The limit
is far outside that spread. What exceeds it is measured again, and only a net that exceeds it each
time is a regression. The exit code is 1 then, and 4 where the machine was too busy to decide, or
has another OpenCV than the record.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

from campaigns import PACKAGES
from keras2cv._version import VERSION
from keras2cv.errors import Keras2cvError
from keras2cv.isolation import Entry, Limits, run_once
from keras2cv.net.opencv import version_tuple
from keras2cv_bench.benching import Wishes, bench
from keras2cv_bench.findings import hold
from keras2cv_bench.records import Record, read_record, to_json
from keras2cv_bench.subjects import NAIVE, OURS

RECORDS: Final = Path(__file__).parents[1] / "records"
MAX_RATIO: Final = 1.6
ATTEMPTS: Final = 3
THREADS: Final = 1  # a run of a millisecond on one thread is seldom interrupted, whatever else runs
SECONDS: Final = 2.0
NETS: Final = ("mobile", "residual")
_MAKE: Final = Entry("campaigns.regressions:make", PACKAGES)
_MAKE_S: Final = 900.0


def main(argv: Sequence[str] | None = None) -> int:
    """Measure both nets; compare with the newest records, or write those of this version."""
    parser = argparse.ArgumentParser(
        prog="python -m campaigns.regressions",
        description="See whether nets have become slower than they were in a release.",
    )
    parser.add_argument("--write", action="store_true", help="write the records of this version")
    parser.add_argument("--records", type=Path, default=RECORDS, metavar="DIR")
    parser.add_argument("--seconds", type=float, default=SECONDS, help="of each subject's blocks")
    args = parser.parse_args(argv)
    try:
        with tempfile.TemporaryDirectory(prefix="keras2cv-regressions-") as place:
            made = [(name, Path(place, name)) for name in NETS]
            codes = [_net(name, folder, args) for name, folder in made]
    except Keras2cvError as error:
        print(f"error: {error}", file=sys.stderr)
        return error.exit_code
    return 1 if 1 in codes else max(codes)


def _net(name: str, folder: Path, args: argparse.Namespace) -> int:
    """Measure one net; return its exit code."""
    folder.mkdir()
    run_once(_MAKE, {"net": name, "folder": str(folder)}, Limits(_MAKE_S))

    def measure() -> Record:
        wishes = Wishes(threads=THREADS, seconds=args.seconds)
        bundle, model = folder / "net.cv", folder / "net.keras"
        return bench(bundle, model, peers=(NAIVE,), wishes=wishes, work=folder)

    if args.write:
        path = args.records / VERSION / f"{name}.json"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(to_json(replace(measure(), argv=())), encoding="utf-8", newline="\n")
        print(f"{name}: wrote {path}")
        return 0
    path = newest(name, args.records)
    if path is None:
        print(f"{name}: there is no record to compare with")
        return 4
    return compare(name, read_record(path), measure)


def newest(name: str, records: Path) -> Path | None:
    """Return the record of a net of the newest release that has one."""
    found = sorted(records.glob(f"*/{name}.json"), key=lambda p: version_tuple(p.parent.name))
    return found[-1] if found else None


def compare(name: str, then: Record, measure: Callable[[], Record]) -> int:
    """Compare a net with its record, again where it exceeds the limit; return the exit code.

    Args:
        name: The net's.
        then: Its record.
        measure: Measures it anew.
    """
    kept: list[bool | None] = []
    for _ in range(ATTEMPTS):
        now = measure()
        if why := _incomparable(now, then):
            print(f"{name}: not compared, {why}")
            return 4
        if reason := _wrong(now):
            print(f"{name}: other answers than TensorFlow's ({reason})")
            return 1
        (found,) = hold(now, then, NAIVE)
        print(f"{name}: {found.comparison} times the record's {found.how}; at most {MAX_RATIO:g}")
        kept.append(found.comparison.within(MAX_RATIO))
        if kept[-1]:
            return 0
    return 1 if set(kept) == {False} else 4


def _wrong(now: Record) -> str:
    timing = now.timing(OURS, 1)
    assert timing is not None  # noqa: S101 - `bench` raises without it
    is_wrong = timing.answers.verdict == "different"
    return (timing.answers.reason or "they differ") if is_wrong else ""


def _incomparable(now: Record, then: Record) -> str:
    here, there = (version_tuple(one.host.versions["opencv"])[:2] for one in (now, then))
    if here != there:
        return f"the record is of OpenCV {then.host.versions['opencv']}"
    return "" if now.timing(NAIVE, 1) is not None else "Keras' own export does not run here"


def make(job: Mapping[str, Any], _: Callable[..., None]) -> dict[str, Any]:
    """Make a net and its bundle, as the child's entry."""
    from keras2cv_export import export
    from keras2cv_export.quiet.tensorflow import keras

    keras.utils.set_random_seed(22)
    folder = Path(job["folder"])
    model = _calibrated(_MODELS[job["net"]]())
    model.save(folder / "net.keras")
    export(folder / "net.keras", folder / "net.cv", preprocess="tf")
    return {}


def _calibrated(model: Any) -> Any:
    """Give a model weights whose outputs carry information."""
    import numpy as np

    from keras2cv_bench.calibrate import randomize

    shape = (8, *model.input_shape[1:])
    samples = np.random.default_rng(5).uniform(-1, 1, shape).astype(np.float32)
    return randomize(model, 5, [samples])


def _mobile() -> Any:
    """Return a small MobileNetV2: depthwise convolutions between those of 1x1."""
    from keras2cv_export.quiet.tensorflow import keras

    return keras.applications.MobileNetV2((64, 64, 3), 0.35, weights=None, classes=10)


def _residual() -> Any:
    """Return a small residual net: convolutions of 3x3 with batch normalization."""
    from keras2cv_export.quiet.tensorflow import keras

    layers = keras.layers
    inputs = keras.Input((64, 64, 3))
    x = layers.Conv2D(16, 7, strides=2, padding="same", activation="relu")(inputs)
    for width in (16, 32, 64):
        x = layers.MaxPool2D(2)(x)
        x = layers.Conv2D(width, 1)(x)
        y = x
        for activation in ("relu", None):
            y = layers.Conv2D(width, 3, padding="same", use_bias=False)(y)
            y = layers.BatchNormalization()(y)
            y = layers.Activation("relu")(y) if activation else y
        x = layers.ReLU()(layers.Add()([x, y]))
    x = layers.GlobalAveragePooling2D()(x)
    return keras.Model(inputs, layers.Dense(10, activation="softmax")(x))


_MODELS: Final = {"mobile": _mobile, "residual": _residual}


if __name__ == "__main__":
    sys.exit(main())
