"""The golden cases have everything that a program may be asked for."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, Literal, get_args, get_origin, get_type_hints

import numpy as np
import pytest

from keras2cv.bundle.reading import read_bundle
from keras2cv.codegen.detector_traits import detector_traits
from keras2cv.codegen.languages import LANGUAGES
from keras2cv.codegen.traits import traits_of
from keras2cv.schema.vocabulary import INTERPOLATIONS, RESIZE_RULES, TASK_NAMES, Color
from keras2cv.tasks.detect.belongings import AngleRecord, BoxPointsRecord, MaskRecord
from keras2cv.tasks.detect.head import Axes, Head
from keras2cv.tasks.detect.record import DetectRecord
from support.golden import CASES, PYTHON_ALONE, cases_for


def test_every_task_rule_and_trait_has_a_case(golden: Path) -> None:
    """So a new one fails in every language that lacks it."""
    cases = json.loads(golden.read_text(encoding="utf-8"))["cases"]
    assert [case["name"] for case in cases] == list(CASES)
    manifests = [read_bundle(golden.parent / case["bundle"]).manifest for case in cases]
    assert {manifest.task.kind for manifest in manifests} == set(TASK_NAMES)
    rules = [one for manifest in manifests for one in manifest.pictures]
    assert {one.interpolation for one in rules} == set(INTERPOLATIONS)
    assert {one.resize for one in rules} == set(RESIZE_RULES)
    assert {one.color for one in rules} == set(get_args(Color))
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
    plain = [picture for picture in record["pictures"] if picture.count(" ") == 0]
    assert max(len(case["samples"]) for case in record["cases"]) == len(plain)


def test_every_form_of_a_head_and_every_belonging_has_a_case(golden: Path) -> None:
    """With every option of their records."""
    cases = json.loads(golden.read_text(encoding="utf-8"))["cases"]
    manifests = [read_bundle(golden.parent / case["bundle"]).manifest for case in cases]
    records = [m.task.record for m in manifests if isinstance(m.task.record, DetectRecord)]
    traits = frozenset[str]().union(*map(detector_traits, manifests))
    assert traits >= {"head", "offsets", "several", "columns", "boxmask", "cutgrid", "boxpoints"}
    heads = [record.head for record in records if record.head is not None]
    for name, field in get_type_hints(Head).items():
        for value in _choices(field):
            assert any(getattr(head, name) == value for head in heads), (name, value)
    axes = {output.axes for head in heads for output in head.outputs}
    assert axes == set(get_args(Axes))
    owns = [record for one in records for record in one.belongings.values()]
    for kind in (MaskRecord, BoxPointsRecord, AngleRecord):
        for name, field in get_type_hints(kind).items():
            for value in _choices(field):
                found = (getattr(own, name) == value for own in owns if isinstance(own, kind))
                assert any(found), (kind, name, value)


def _choices(field: Any) -> tuple[Any, ...]:
    """Return the words that a field may have; nothing for one of other values."""
    literals = [kind for kind in (field, *get_args(field)) if get_origin(kind) is Literal]
    return tuple(value for kind in literals for value in get_args(kind))


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_language_does_every_case_or_refuses_it_by_name(language: str, golden: Path) -> None:
    """In words, and before it writes anything; a case that is nowhere named is done by all."""
    refused = {name for cases in PYTHON_ALONE.values() for name in cases}
    expected = set(CASES) if language == "python" else set(CASES) - refused
    assert {case["name"] for case in cases_for(golden, language)} == expected
