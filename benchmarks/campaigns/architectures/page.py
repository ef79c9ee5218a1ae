"""docs/architectures.md."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from campaigns.architectures.bundles import Outcomes, failures, is_refused
from campaigns.architectures.nets import bad_nets, counts_of
from campaigns.architectures.pixels import Found, own_crashes, wrong_blobs
from campaigns.atlas.columns import Column
from campaigns.atlas.store import Record


@dataclass(frozen=True)
class Results:
    """Everything that was measured.

    Attributes:
        columns: The machines and engines.
        expected: The blobs of this machine.
        blobs: Machine -> its blobs and routes.
        guards: Machine -> calls with images that end at a guarded page.
        costs: Machine -> size -> the cost of `linear` by that of `cv2.resize`.
        selftests: Column -> bundle -> why it does not pass, or "".
        nets: The records of the conformance suite.
        suite_size: Cases of the whole suite.
    """

    columns: Sequence[Column]
    expected: Found
    blobs: Mapping[str, Found]
    guards: Mapping[str, Found]
    costs: Mapping[str, Mapping[str, float]]
    selftests: Mapping[str, Outcomes]
    nets: Sequence[Record]
    suite_size: int

    @property
    def machines(self) -> dict[str, list[Column]]:
        """The columns of each machine."""
        found: dict[str, list[Column]] = {}
        for column in self.columns:
            found.setdefault(column.where.python.parent.name, []).append(column)
        return found


def page(found: Results) -> Iterator[str]:
    """Yield the page's lines."""
    yield "# Architectures"
    yield ""
    yield "<!-- Written by python -m campaigns.architectures. -->"
    yield ""
    yield (
        "The same bundles on ARM as on x86-64, on machines that qemu emulates. "
        "`benchmarks/campaigns/architectures/machines.sh` makes the machines, and "
        "`python -m campaigns.architectures` measures them. x86-64 has a page of its own: "
        "[compatibility.md](compatibility.md)."
    )
    yield from _images(found)
    yield from _bundles(found)
    yield from _nets(found)


def _images(found: Results) -> Iterator[str]:
    yield ""
    yield "## Images"
    yield ""
    yield (
        f"*wrong blobs*: of {len(found.expected['blobs'])} that every resize rule makes, by six "
        "interpolations, of 8 and 16 bit, colour and gray, against OpenCV's wheel for x86-64."
    )
    yield ""
    yield (
        "*reads past the end*: calls with images that end where a page of memory must not be "
        "read, so that a read past the end crashes. The images are n + 1 to n + 64 pixels wide or "
        "high, square and not, gray, colour and with alpha, for inputs of n pixels. *n*: how many "
        "inputs of 32 to 1280 pixels, and which images for each; n + 1, n + 2 and n + 3 always. "
        "keras2cv's calls are those of `predict`, `run` and generated Python programs: `linear`, "
        "each other rule and interpolation, and maps spread over an image."
    )
    yield ""
    yield (
        "*route*: how 8-bit `linear` is computed, for gray and for colour. `cv2`: the plain call "
        "is right. `beyond_hal`: `cv2.resize` by OpenCV's own code rather than the vendor's. "
        "[preprocessing.md](preprocessing.md#the-same-pixels-on-arm) explains why. *cost*: its "
        "processor time by that of the plain call, for four sizes of images to 224x224, gray and "
        "colour."
    )
    yield ""
    heads = ("machine", "OpenCV", "route", "cost", "wrong blobs", "n")
    yield f"| {' | '.join(heads)} | `cv2.resize` past the end | keras2cv past the end |"
    yield "|---|---|---|---|--:|---|--:|--:|"
    for name in found.machines:
        yield _image_row(name, found)


def _image_row(name: str, found: Results) -> str:
    blobs, guards = found.blobs[name], found.guards[name]
    kinds = guards["kinds"]
    costs = sorted(found.costs[name].values())
    plain = kinds["cv2.resize"]
    own_calls = sum(calls["calls"] for kind, calls in kinds.items() if kind != "cv2.resize")
    cells = (
        name,
        blobs["opencv"],
        f"{blobs['routes']['1']}, {blobs['routes']['3']}",
        f"{costs[0]:.1f} to {costs[-1]:.1f}",
        str(len(wrong_blobs(blobs, found.expected))),
        f"{len(guards['targets'])}, {_images_of(guards['step'])}",
        f"{len(plain['crashed'])} of {plain['calls']}",
        f"{len(own_crashes(guards))} of {own_calls}",
    )
    return f"| {' | '.join(cells)} |"


def _images_of(step: int) -> str:
    return "all" if step == 1 else f"each {step}th"


def _bundles(found: Results) -> Iterator[str]:
    names = list(dict.fromkeys(name for one in found.selftests.values() for name in one))
    yield ""
    yield "## Tasks"
    yield ""
    yield (
        f"The self-tests of {len(names)} bundles of all tasks and kinds of files, made on x86-64: "
        f"{', '.join(names)}. A self-test compares the blob of an image, and every output, with "
        "TensorFlow's."
    )
    yield ""
    yield "| machine | pass | refused | fail |"
    yield "|---|--:|--:|--:|"
    for column, outcomes in found.selftests.items():
        refused = sum(map(is_refused, outcomes.values()))
        bad = sum(map(bool, outcomes.values())) - refused
        yield f"| {column} | {len(outcomes) - refused - bad} | {refused} | {bad} |"
    yield ""
    yield "Refused are bundles of smaller weights, which say themselves that they need OpenCV 4.7."
    for line in failures(found.selftests):
        yield ""
        yield f"- {line}"


def _nets(found: Results) -> Iterator[str]:
    cases = len({record.case for record in found.nets})
    yield ""
    yield "## Nets"
    yield ""
    yield (
        f"{cases} of the {found.suite_size} cases of the conformance suite, against TensorFlow: "
        "at most 1e-4 of the largest output. The words are those of "
        "[compatibility.md](compatibility.md)."
    )
    yield ""
    yield "| machine | cases | pass | refused | fails | wrong | crash |"
    yield "|---|--:|--:|--:|--:|--:|--:|"
    for column in found.columns:
        counts = counts_of(found.nets, column.name)
        cells = [column.name, str(sum(counts.values())), *map(str, counts.values())]
        yield f"| {' | '.join(cells)} |"
    if lines := bad_nets(found.nets):
        yield ""
        yield from (f"- {line}" for line in lines)
