"""`python -m campaigns.architectures FOLDER`."""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

CHILD = Path(__file__).parent / "child.py"
RUNTIME = Path(__file__).parents[3] / "runtime"
TARGETS = "32,64,96,128,160,192,224,256,299,320,384,416,448,512,640,1280"

Found = Mapping[str, Any]


def main(argv: Sequence[str] | None = None) -> int:
    """Measure, write and print the page; return 1 if a pixel differs or a call crashes."""
    flags = argparse.ArgumentParser(prog="python -m campaigns.architectures")
    flags.add_argument("folder", type=Path, help="what machines.sh made")
    flags.add_argument("--targets", default=TARGETS, help="sides (default: %(default)s)")
    flags.add_argument("--step", type=int, default=1, help="of the sizes n + 1 to n + 64")
    flags.add_argument("--shard", default="1/1", help="the first of four: 1/4")
    flags.add_argument("-o", "--output", type=Path, default=Path("docs/architectures.md"))
    args = flags.parse_args(argv)
    number, count = map(int, args.shard.split("/"))
    pythons = sorted(args.folder.glob("*/python"))[number - 1 :: count]
    sweep = (args.targets, str(args.step))
    expected = measure(Path(sys.executable), "0", "1")
    found = {python.parent.name: measure(python, *sweep) for python in pythons}
    args.output.write_text("\n".join(page(found, expected, sweep)) + "\n", encoding="utf-8")
    return 0 if found and not any(faults(one, expected) for one in found.values()) else 1


def measure(python: Path, *sweep: str) -> Found:
    """Return what the child prints on that machine."""
    print(python, file=sys.stderr)
    environment = {**os.environ, "PYTHONPATH": str(RUNTIME)}
    done = subprocess.run(
        [python, CHILD, *sweep], env=environment, stdout=subprocess.PIPE, check=True
    )
    found: Found = json.loads(done.stdout)
    return found


def faults(found: Found, expected: Found) -> int:
    """Return the number of blobs that differ, and of keras2cv's own calls that crashed."""
    wrong = sum(found["blobs"][name] != digest for name, digest in expected["blobs"].items())
    ours = [found["crashes"].get(kind, 0) for kind in ("linear", "area", "nearest")]
    return int(wrong + sum(ours))


def page(found: Mapping[str, Found], expected: Found, sweep: Sequence[str]) -> Iterator[str]:
    """Yield the lines of docs/architectures.md."""
    yield "# Architectures"
    yield ""
    yield "<!-- Written by python -m campaigns.architectures. -->"
    yield ""
    yield (
        "Images become the same blobs on ARM as on x86-64. Measured on emulated machines (qemu): "
        f"{len(expected['blobs'])} blobs of every resize rule, by six interpolations, 8 and 16 "
        "bit, colour and gray, against OpenCV's wheel for x86-64; and images that end at a page of "
        "memory that must not be read, so that reading past the end crashes. Their sides are "
        f"n + 1 to n + 64 in steps of {sweep[1]}, for n = {sweep[0].replace(',', ' and n = ')}."
    )
    yield ""
    yield (
        "*route*: how 8-bit `linear` is computed, for gray and for colour. `cv2`: the plain call "
        "is right. `beyond_hal`: `cv2.resize` by OpenCV's own code rather than the vendor's. "
        "[preprocessing.md](preprocessing.md#the-same-pixels-on-arm) explains why."
    )
    yield ""
    heads = ("machine", "OpenCV", "route", "wrong blobs")
    yield f"| {' | '.join(heads)} | plain `cv2.resize` crashes | keras2cv's crash |"
    yield "|---|---|---|--:|--:|--:|"
    for name, one in found.items():
        wrong = sum(one["blobs"][k] != v for k, v in expected["blobs"].items())
        crashed = one["crashes"]
        ours = sum(crashed[kind] for kind in ("linear", "area", "nearest"))
        yield (
            f"| {name} | {one['opencv']} | {one['routes']['1']}, {one['routes']['3']} | {wrong} "
            f"| {crashed['plain']} of {crashed['cases']} | {ours} of {3 * crashed['cases']} |"
        )


if __name__ == "__main__":
    sys.exit(main())
