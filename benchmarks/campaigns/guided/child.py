"""Run one target under atheris; it ends at the first input that breaks a promise.

python -m campaigns.guided.child TARGET CORPUS SEED [libFuzzer's arguments]
"""

from __future__ import annotations

import random
import sys
from importlib import import_module
from pathlib import Path
from typing import Any, Final

_LARGE: Final = 32_768  # bytes; some changes repeat a file a thousand times


def main() -> None:
    """Instrument the readers, and let libFuzzer call them."""
    name, folder, seed, *arguments = sys.argv[1:]
    atheris: Any = import_module("atheris")  # which only the campaign's environment has
    from campaigns.guided.targets import TARGETS, check, mutations_of

    target = TARGETS[name]
    with atheris.instrument_imports(include=list(target.modules)):
        for data in (b"", *(path.read_bytes() for path in sorted(Path(folder).glob("seed-*")))):
            check(target, data)  # imports what it reads with
    mutations = mutations_of(target)
    changes = random.Random(int(seed))  # noqa: S311 - to be repeatable

    def mutate(data: bytes, most: int, number: int) -> bytes:
        rng = random.Random(number)  # noqa: S311
        if mutations and len(data) < _LARGE and changes.random() < 0.5:
            try:
                return bytes(rng.choice(mutations)(rng, data)[:most])
            except Exception:  # noqa: S110 - too damaged to keep its format
                pass
        return bytes(atheris.Mutate(data, most))

    def read(data: bytes) -> None:
        check(target, data)

    atheris.Setup([sys.argv[0], folder, *arguments], read, custom_mutator=mutate)
    atheris.Fuzz()


if __name__ == "__main__":
    main()
