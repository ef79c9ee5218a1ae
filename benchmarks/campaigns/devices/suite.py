"""Export the conformance suite with TensorFlow's answers, for machines without TensorFlow.

    python -m campaigns.devices.suite -o suite/ [--only 'conv*'] [--engine classic]

Writes a bundle per case and batch size, `<case>.b<batch>.cv`; existing ones are kept. Nothing runs
in OpenCV here, so the bundles are `unverified`.
"""

from __future__ import annotations

import argparse
import fnmatch
import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

from campaigns.atlas.export_child import all_cases, shapes_of
from keras2cv.errors import Keras2cvError

_SUITE: Final = Path(__file__).resolve().parents[3] / "tests" / "conformance"
_SEEDS: Final = (5, 6, 7)  # of the samples; others than calibration's


def main(argv: Sequence[str] | None = None) -> int:
    """Export the missing bundles; return the exit code."""
    args = parser().parse_args(argv)
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    os.environ.setdefault("CUDA_VISIBLE_DEVICES", "-1")  # a GPU's TF32 would blur the reference
    sys.path.insert(0, str(args.suite.parent))
    wishes = [
        (case, batch)
        for case in all_cases(args.suite)
        if case.group != "application" and fnmatch.fnmatchcase(case.name, args.only)
        for batch in case.batches
    ]
    for done, (case, batch) in enumerate(wishes, 1):
        bundle = args.output / f"{case.name}.b{batch}.cv"
        outcome = "was there" if bundle.exists() else _try_export(case, batch, bundle, args.engine)
        print(f"{done} of {len(wishes)}  {bundle.name}: {outcome}", file=sys.stderr, flush=True)
    return 0


def _try_export(case: Any, batch: int, bundle: Path, engine: str | None) -> str:
    try:
        export_case(case, batch, bundle, engine)
    except Keras2cvError as error:
        return f"refused: {' '.join(str(error).split())}"
    return "done"


def export_case(case: Any, batch: int, bundle: Path, engine: str | None = None) -> None:
    """Write the bundle of one case, with golden vectors.

    Args:
        case: A case of the conformance suite.
        batch: Samples per run.
        bundle: The folder to write.
        engine: "new" or "classic"; None leaves the choice to the exporter.

    Raises:
        Keras2cvError: The exporter refuses it.
    """
    import keras

    from keras2cv_export import export
    from keras2cv_export.model.load import load_model
    from keras2cv_export.parity.tolerance import parse_tolerance
    from keras2cv_export.verifying.question import answerer
    from keras2cv_export.verifying.selftest import write_selftest

    keras.backend.clear_session()
    model, shapes = case.model(), shapes_of(case, batch)
    report = export(
        model, bundle, task="raw", batch=batch, input_shapes=shapes, engine=engine, check=False
    )
    answer = answerer(load_model(model, batch=batch, input_shapes=shapes), report.manifest)
    samples = [tuple(case.inputs(model, batch, seed)) for seed in _SEEDS]
    answers = [answer(sample) for sample in samples]
    write_selftest(bundle, report.manifest, samples, answers, parse_tolerance("fp32"), None)


def parser() -> argparse.ArgumentParser:
    """Return the reader of the flags."""
    parser = argparse.ArgumentParser(
        prog="python -m campaigns.devices.suite",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    parser.add_argument("-o", "--output", type=Path, required=True, help="a folder for bundles")
    parser.add_argument("--only", default="*", help="a pattern of case names")
    parser.add_argument("--engine", choices=("classic",), help="as for `keras2cv export`")
    parser.add_argument("--suite", type=Path, default=_SUITE, help="default: tests/conformance")
    return parser


if __name__ == "__main__":
    sys.exit(main())
