"""Measure KerasHub's vision models on every OpenCV, and write docs/kerashub.md.

    pip install keras-hub
    python -m campaigns.hub
    python -m campaigns.hub --only 'resnet*' --opencv 5.0,4.6 -o /tmp/part

The models of tests/kerashub: built from small configs, with calibrated random weights, so that
nothing is downloaded. The flags are the atlas's, which does the measuring.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Final

from campaigns.atlas.__main__ import measure, parser
from campaigns.atlas.cells import Atlas
from campaigns.atlas.markdown import render_atlas
from keras2cv.errors import Keras2cvError, MissingDependency
from keras2cv_export.matrix.environment import cache_folder

_SUITE: Final = Path(__file__).resolve().parents[2] / "tests" / "kerashub"


def main(argv: Sequence[str] | None = None) -> int:
    """Measure the missing cells, write the page and print it; return the exit code."""
    flags = parser()
    flags.prog, flags.description = "python -m campaigns.hub", __doc__
    flags.set_defaults(suite=_SUITE, plain=(), work=cache_folder() / "kerashub")
    args = flags.parse_args(argv)
    try:
        hub = _installed()
        text = page(measure(args), hub)
    except Keras2cvError as error:
        print(f"error: {error}", file=sys.stderr)
        return error.exit_code
    args.output.mkdir(parents=True, exist_ok=True)
    (args.output / "kerashub.md").write_text(text, encoding="utf-8", newline="\n")
    print(text, end="")
    return 0


def page(atlas: Atlas, hub: str) -> str:
    """Return the page, in Markdown; `hub` is KerasHub's version."""
    return render_atlas("campaigns.atlas", "kerashub.md.jinja", atlas, hub=hub)


def _installed() -> str:
    try:
        return version("keras-hub")
    except PackageNotFoundError:
        raise MissingDependency(
            "KerasHub is not installed, and its models are what this measures. "
            "Run `pip install keras-hub`."
        ) from None


if __name__ == "__main__":
    sys.exit(main())
