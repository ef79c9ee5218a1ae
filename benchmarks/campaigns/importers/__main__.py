"""`python -m campaigns.importers`: measure, and write the table."""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

from keras2cv.errors import Keras2cvError
from keras2cv_export.targets.importer_support import measured

from .faults import faults
from .forms import forms, neighbours
from .measure import measure, write
from .plain import plain
from .table import source, tables


def main() -> int:
    """Write the table; return 1 if a graph that should run everywhere does not."""
    probes = [*plain(), *forms(), *faults(), *neighbours()]
    with tempfile.TemporaryDirectory(prefix="keras2cv-importers-") as folder:
        write(probes, Path(folder))
        outcomes = measure(Path(folder), len(probes))
    Path(measured.__file__).write_text(source(tables(probes, outcomes)), encoding="utf-8")
    failed = 0
    for probe, outcome in zip(probes, outcomes, strict=True):
        broken = [importer for importer, runs in outcome.items() if not runs]
        if not probe.about and broken:
            failed += 1
            print(f"{probe.op} near a form does not run on {', '.join(broken)}", file=sys.stderr)
    print(f"{len(probes)} graphs measured, {measured.__file__} written")
    return int(failed > 0)


if __name__ == "__main__":
    try:
        sys.exit(main())
    except Keras2cvError as error:
        print(error, file=sys.stderr)
        sys.exit(error.exit_code)
