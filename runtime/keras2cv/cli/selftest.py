"""`keras2cv selftest BUNDLE`."""

from __future__ import annotations

import warnings
from argparse import ArgumentParser, Namespace
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from keras2cv.cli import values
from keras2cv.cli.output import STDOUT, add_json_argument, write_json
from keras2cv.cli.run import add_runtime_arguments
from keras2cv.cli.styles import Piece, print_line, verdict
from keras2cv.cli.terminal import print_lines
from keras2cv.errors import (
    InconclusiveError,
    Keras2cvWarning,
    MissingDependency,
    NetError,
    VerdictError,
)
from keras2cv.net.opencv import require_opencv

if TYPE_CHECKING:
    from keras2cv.isolation import ChildLost

USAGE: Final = "BUNDLE [options]"
ABOUT: Final = """\
Test a bundle on this machine: run the inputs stored in it, and compare OpenCV's
outputs with TensorFlow's, which are stored too. TensorFlow is not needed. The
exit code is 1 if they differ. It is 4 if they agree, and the bundle is not
verified: its export was inconclusive, or compared nothing.
"""
EXAMPLES: Final = """\
  keras2cv selftest cat.cv
  keras2cv selftest cat.cv --engine classic --json report.json
"""
_TIMEOUT_S: Final = 600.0
_EXIT_CODES: Final = {
    "pass": 0,
    "fail": VerdictError.exit_code,
    "inconclusive": InconclusiveError.exit_code,
}


def add_arguments(parser: ArgumentParser) -> None:
    """Declare the verb's arguments."""
    values.add_bundle_argument(parser)
    add_runtime_arguments(parser)
    parser.add_argument(
        "--in-process",
        action="store_true",
        help="run in this process, not in a child: a graph that crashes OpenCV then ends this one",
    )
    add_json_argument(parser, "every comparison")


def execute(args: Namespace) -> int:
    """Compare, in a process of its own, and print a line per comparison.

    Raises:
        InconclusiveError: An unverified bundle asks for what is not here.
        MissingDependency: A verified one does.
    """
    require_opencv()
    request = {name: getattr(args, name) for name in ("device", "engine", "threads")}
    request["bundle"] = str(args.bundle)
    unproven = _unproven(args.bundle)
    try:
        reply = _in_process(request) if args.in_process else _in_child(request)
    except MissingDependency as error:
        if unproven:  # the engine that it asks for is no promise of anybody's
            raise InconclusiveError(f"{error} {unproven}") from error
        raise
    for text in reply["warnings"]:
        warnings.warn(text, Keras2cvWarning, stacklevel=1)
    report = _judged(reply["report"], unproven)
    if args.json != STDOUT:
        for pieces in _lines(report):
            print_line(*pieces)
    if args.json:
        write_json(args.json, report)
    return _EXIT_CODES[report["verdict"]]


def _judged(report: dict[str, Any], unproven: str) -> dict[str, Any]:
    """Call a pass inconclusive where the expected outputs were never proven to say enough."""
    if not unproven:
        return report
    verdict = "inconclusive" if report["verdict"] == "pass" else report["verdict"]
    return {**report, "verdict": verdict, "unproven": unproven}


def _unproven(folder: Path) -> str:
    """Return why the bundle is not verified; "" if it is, or is no bundle."""
    from keras2cv.bundle.reading import MANIFEST, read_manifest
    from keras2cv.bundle.standing import unproven

    return unproven(folder, read_manifest(folder)) if (folder / MANIFEST).is_file() else ""


def _in_process(request: Mapping[str, Any]) -> dict[str, Any]:
    from keras2cv.trial.selftest_child import answer

    return answer(request, lambda **_: None)


def _in_child(request: Mapping[str, Any]) -> dict[str, Any]:
    """Compare in a process that may crash, and pass on the output of OpenCV there."""
    from keras2cv.isolation import ChildLost, Conversation, Entry, Limits

    entry = Entry("keras2cv.trial.selftest_child:answer")
    try:
        with Conversation(entry, Limits(_TIMEOUT_S)) as child:
            reply = child.ask(request)
            child.close()
            print_lines(child.log, to_stderr=True)
            return reply
    except ChildLost as lost:
        raise _failure(lost, request["bundle"]) from lost


def _failure(lost: ChildLost, bundle: str) -> NetError:
    from keras2cv.isolation import ChildOutOfMemory, ChildTimeout

    if isinstance(lost, ChildTimeout):
        return NetError(f"OpenCV {lost.how}, with {bundle}. Try the other engine.")
    if isinstance(lost, ChildOutOfMemory):
        return NetError(f"OpenCV {lost.how}, for {bundle}. Free some, or try the other engine.")
    how = lost.how.replace("crashed", f"crashed on {bundle}", 1)
    return NetError(
        f"OpenCV {how}; its last words: {lost.last_words}. "
        "Try the other engine, or export it for this OpenCV, with --opencv."
    )


def _lines(report: Mapping[str, Any]) -> Iterator[tuple[Piece, ...]]:
    where = f"OpenCV {report['opencv']}, {report['engine']} engine, {report['device']}"
    yield "self-test: ", verdict(report["verdict"]), f" ({where})"
    rows = report["rows"]
    case = max((len(row["case"]) for row in rows), default=0)
    name = max((len(row["output"]) for row in rows), default=0)
    for row in rows:
        found = row.get("problem") or f"{row['measured']:.1e} of {row['limit']:.1e} allowed"
        word = verdict("pass" if row["passed"] else "FAIL")
        yield "  ", word, f"  {row['case']:<{case}}  {row['output']:<{name}}  {found}"
    if "unproven" in report:
        yield "  ", verdict("inconclusive"), f"  {report['unproven']}"
    for problem in report["problems"]:
        yield "  ", verdict("FAIL"), f"  {problem}"
    if why := report["devices"].get("why"):
        yield (f"  ({why})",)
