"""Write the bundles of the conformance sample. Runs as a program, with one checkout on its path.

It imports nothing but `keras2cv_export.export` and `conformance`, both public, so that it runs on
checkouts from before and after a move.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Any

import keras
import tf2onnx.utils

from keras2cv_export import export

conformance: Any = import_module("conformance")  # the checkout's, which is on the path

# One of every family that the frozen format supports, as in tests/end_to_end.
FROZEN_SAMPLE = (
    "conv2d_same_stride2_odd_even",
    "conv2d_dilated_same",
    "depthwise_conv2d_multiplier",
    "conv2d_transpose_k3s2_same",
    "conv1d_causal_dilated",
    "conv3d_same_stride2",
    "average_pooling2d_same",
    "group_normalization_as_instance",
    "activation_hard_silu_conv",
    "multiply_broadcast_one_channel",
    "flatten_conv_then_dense",
    "resizing_bilinear_antialias_down",
    "pattern_unet_transposed",
    "pattern_fpn",
    "pattern_ssd",
    "pattern_senet",
    "pattern_many_outputs_dict",
    "application_mobilenetv2",
)


@dataclass(frozen=True)
class Job:
    """One bundle to write: a case, its batch size, the format and the oldest OpenCV."""

    case: Any
    batch: int
    format: str
    opencv: str | None

    @property
    def name(self) -> str:
        """The bundle's folder name."""
        return f"{self.case.name}-{self.batch}-{self.format}-{self.opencv or 'portable'}.cv"


def main(argv: Sequence[str] | None = None) -> int:
    """Write every bundle into a folder; return 0."""
    args = _parser().parse_args(argv)
    jobs = [job for job in sample_jobs() if not args.only or job.case.name in args.only]
    for number, job in enumerate(jobs, 1):
        print(f"{number}/{len(jobs)} {job.name}", file=sys.stderr, flush=True)
        write_bundle(job, args.folder, checked=args.checked)
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--checked", action="store_true")
    parser.add_argument("--only", nargs="*", metavar="CASE")
    return parser


def sample_jobs() -> Iterator[Job]:
    """Yield the sample for every OpenCV and for 5.0, then the sample of frozen graphs."""
    for case in conformance.sample_cases():
        for batch in sorted({min(case.batches), max(case.batches)}):
            yield Job(case, batch, "onnx", None)
            yield Job(case, batch, "onnx", "5.0")
    by_name = {case.name: case for case in conformance.all_cases()}
    for name in FROZEN_SAMPLE:
        yield Job(by_name[name], max(by_name[name].batches), "frozen", None)


def write_bundle(job: Job, folder: Path, *, checked: bool) -> None:
    """Export one case; a refusal is written down beside the bundles, to be compared too."""
    _forget_earlier_models()
    model = job.case.model()
    shapes = {name: (job.batch, *shape) for name, shape in job.case.input_shapes.items()}
    given = (next(iter(shapes.values())) if len(shapes) == 1 else shapes) or None
    try:
        export(
            model,
            folder / job.name,
            format=job.format,
            opencv=job.opencv,
            input_shapes=given,
            batch=job.batch,
            task="raw",
            check=checked,
        )
    except Exception as error:
        refusal = f"{type(error).__name__}: {error}\n"
        (folder / f"{job.name}.refused.txt").write_text(refusal, encoding="utf-8")


def _forget_earlier_models() -> None:
    """Restart the counters that Keras and tf2onnx number names by, so that no case sees another."""
    keras.backend.clear_session()
    tf2onnx.utils.INTERNAL_NAME = 1


if __name__ == "__main__":
    sys.exit(main())
