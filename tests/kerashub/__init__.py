"""KerasHub's vision models, as cases that the atlas can run: `--suite tests/kerashub`."""

from .suite import all_cases as all_cases
