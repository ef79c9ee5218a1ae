"""Time and peak memory of an export, whole process, beside Keras' own ONNX export.

    python -m campaigns.export_cost [NAME ...] [--check] [--skip-keras] [--timeout 600]
                                           [--memory-gib 20]

Each run is a process of its own that builds the model, saves nothing, and exports; TensorFlow's
import and the building of the model are in the figures, and are shown alone as the third row.
Python's bytecode is cached, as it is of an installed package.
Keras' side runs under a memory limit, since VGG16 would take the whole machine down.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

from keras2cv_bench.memory_limit import Watch

SIDES = ("keras2cv", "keras", "build only")
_ENV = {
    **{name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"},
    "TF_CPP_MIN_LOG_LEVEL": "3",
}


@dataclass(frozen=True)
class Cost:
    """What one process took: wall seconds, peak resident memory in GiB, and how it ended."""

    seconds: float
    peak_gib: float
    ending: str


def main() -> None:
    """Run every side of every model in a fresh process, one at a time."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("names", nargs="*", default=["MobileNetV2", "ResNet50", "VGG16"])
    parser.add_argument("--side", choices=SIDES, help=argparse.SUPPRESS)
    parser.add_argument("--out", help=argparse.SUPPRESS)
    parser.add_argument("--check", action="store_true", help="include the comparison")
    parser.add_argument("--skip-keras", action="store_true", help="leave Keras' own export out")
    parser.add_argument("--timeout", type=float, default=600)
    parser.add_argument("--memory-gib", type=float, default=20)
    args = parser.parse_args()
    if args.side:
        work(args.side, args.names[0], Path(args.out), check=args.check)
        return
    subprocess.run([sys.executable, "-c", "import keras2cv_export.exporting"], env=_ENV, check=True)
    print(f"{'model':18s} {'side':12s} {'seconds':>8s} {'peak GiB':>9s}  ending")
    for name in args.names:
        for side in SIDES if not args.skip_keras else ("keras2cv", "build only"):
            cost = measure(side, name, args)
            print(f"{name:18s} {side:12s} {cost.seconds:8.1f} {cost.peak_gib:9.2f}  {cost.ending}")


def work(side: str, name: str, out: Path, *, check: bool) -> None:
    """Do one side's job in this process."""
    import keras

    model = getattr(keras.applications, name)(weights=None, classifier_activation=None)
    model(keras.ops.zeros((1, *model.input_shape[1:])))  # Keras' exporter wants it called once
    if side == "keras2cv":
        from keras2cv_export import export

        export(model, out / "model.cv", task="raw", check=check)
    elif side == "keras":
        model.export(str(out / "model.onnx"), format="onnx", verbose=False)


def measure(side: str, name: str, args: argparse.Namespace) -> Cost:
    """Run one side in a child, and watch its memory."""
    with tempfile.TemporaryDirectory() as folder:
        command = [sys.executable, "-m", "campaigns.export_cost", name, "--side", side]
        command += ["--out", folder] + (["--check"] if args.check else [])
        started = time.perf_counter()
        child = subprocess.Popen(
            command,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            env=_ENV,
        )
        watch = Watch(child, args.memory_gib, args.timeout)
        watch.start()
        code = child.wait()
        watch.join()
        return Cost(time.perf_counter() - started, watch.peak_gib, watch.why or f"exit {code}")


if __name__ == "__main__":
    main()
