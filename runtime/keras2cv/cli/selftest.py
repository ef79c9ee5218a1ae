"""`keras2cv selftest BUNDLE`."""

from __future__ import annotations

import warnings
from argparse import ArgumentParser, Namespace
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from keras2cv.cli.output import STDOUT, add_json_argument, write_json
from keras2cv.cli.run import add_runtime_arguments
from keras2cv.cli.terminal import print_lines
from keras2cv.errors import Keras2cvWarning, NetError, VerdictError
from keras2cv.net.opencv import require_opencv

if TYPE_CHECKING:
    from keras2cv.isolation import ChildLost

USAGE: Final = "BUNDLE [options]"
ABOUT: Final = """\
Test a bundle on this machine: run the inputs stored in it, and compare OpenCV's
outputs with TensorFlow's, which are stored too. TensorFlow is not needed. The
exit code is 1 if they differ.
"""
EXAMPLES: Final = """\
  keras2cv selftest cat.cv
  keras2cv selftest cat.cv --engine classic --json report.json
"""
_TIMEOUT_S: Final = 600.0


def add_arguments(parser: ArgumentParser) -> None:
    """Declare the verb's arguments."""
    parser.add_argument("bundle", metavar="BUNDLE", type=Path, help="a folder made by export")
    add_runtime_arguments(parser)
    parser.add_argument(
        "--in-process",
        action="store_true",
        help="run in this process, not in a child: a graph that crashes OpenCV then ends this one",
    )
    add_json_argument(parser, "every comparison")


def execute(args: Namespace) -> int:
    """Compare, in a process of its own, and print a line per comparison."""
    require_opencv()
    request = {name: getattr(args, name) for name in ("device", "engine", "threads")}
    request["bundle"] = str(args.bundle)
    reply = _in_process(request) if args.in_process else _in_child(request)
    for text in reply["warnings"]:
        warnings.warn(text, Keras2cvWarning, stacklevel=1)
    report = reply["report"]
    if args.json != STDOUT:
        print(*_lines(report), sep="\n")
    if args.json:
        write_json(args.json, report)
    return 0 if report["verdict"] == "pass" else VerdictError.exit_code


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


def _lines(report: Mapping[str, Any]) -> Iterator[str]:
    where = f"OpenCV {report['opencv']}, {report['engine']} engine, {report['device']}"
    yield f"self-test: {report['verdict']} ({where})"
    rows = report["rows"]
    case = max((len(row["case"]) for row in rows), default=0)
    name = max((len(row["output"]) for row in rows), default=0)
    for row in rows:
        found = row.get("problem") or f"{row['measured']:.1e} of {row['limit']:.1e} allowed"
        verdict = "pass" if row["passed"] else "FAIL"
        yield f"  {verdict}  {row['case']:<{case}}  {row['output']:<{name}}  {found}"
    for problem in report["problems"]:
        yield f"  FAIL  {problem}"
    if why := report["devices"].get("why"):
        yield f"  ({why})"
