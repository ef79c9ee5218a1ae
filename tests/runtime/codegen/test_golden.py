"""The golden cases have everything that a program may be asked for."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np

from keras2cv.bundle.reading import read_bundle
from keras2cv.codegen.traits import traits_of
from keras2cv.schema.vocabulary import INTERPOLATIONS, RESIZE_RULES, TASK_NAMES
from support.golden import CASES


def test_every_task_rule_and_trait_has_a_case(golden: Path) -> None:
    """So a new one fails in every language that lacks it."""
    cases = json.loads(golden.read_text(encoding="utf-8"))["cases"]
    assert [case["name"] for case in cases] == list(CASES)
    manifests = [read_bundle(golden.parent / case["bundle"]).manifest for case in cases]
    assert {manifest.task.kind for manifest in manifests} == set(TASK_NAMES)
    rules = [m.preprocessing for m in manifests if m.preprocessing is not None]
    assert {one.interpolation for one in rules} == set(INTERPOLATIONS)
    assert {one.resize for one in rules} == set(RESIZE_RULES)
    assert {one.color for one in rules} == {"RGB", "BGR", "GRAY"}
    found = frozenset[str]().union(*map(traits_of, manifests))
    assert found >= {"tail", "inputs", "photo", "arrays", "identity", "pillow", "tensorflow"}


def test_arrays_lie_where_programs_look_for_them(golden: Path) -> None:
    """Numbers begin at byte 10 + the 16-bit number at byte 8, little-endian, in C order."""
    record = json.loads(golden.read_text(encoding="utf-8"))
    for case in record["cases"]:
        for sample in case["samples"]:
            arrays = [value for value in sample["inputs"].values() if "array" in value]
            for file in [value["array"] for value in arrays] + [sample.get("blob")]:
                if file is None:
                    continue
                data = (golden.parent / file).read_bytes()
                start = 10 + int.from_bytes(data[8:10], "little")
                expected = np.load(golden.parent / file)
                np.testing.assert_array_equal(
                    np.frombuffer(data, "<f4", offset=start), expected.ravel()
                )
    assert max(len(case["samples"]) for case in record["cases"]) == len(record["pictures"])
