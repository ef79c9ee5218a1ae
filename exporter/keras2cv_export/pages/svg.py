"""Make matplotlib's SVG fit for a page: small, in the palette's variables, with tooltips."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from typing import Any, Final
from xml.etree import ElementTree as ET

from .palette import PALETTE

Marks = Mapping[str, tuple[str, tuple[str, ...]]]
"""Id of a group -> its class, and a tooltip for each of its shapes."""

_VARIABLES: Final = {pair[0]: f"var(--{name})" for name, pair in PALETTE.items()}
_COLOUR: Final = re.compile("|".join(_VARIABLES))
_FAMILY: Final = re.compile(r"font-family: [^;]*;? ?")
_FONT: Final = re.compile(r"font: (?:(\d+) )?([\d.]+px)[^;]*")  # before matplotlib 3.11
_LONG_NUMBER: Final = re.compile(r"-?\d+\.\d{2,}")
_SHAPES: Final = {"path", "use"}


def inner_svg(svg: bytes, marks: Marks) -> str:
    """Return the elements inside matplotlib's <svg>, simplified."""
    root = ET.fromstring(svg)  # noqa: S314 - written by matplotlib, in this process
    for element in root.iter():
        element.tag = _local(element.tag)
        element.attrib = {_local(key): _simple(key, value) for key, value in element.items()}
        element.text = (element.text or "").strip() or None
        element.tail = None
        if element.get("transform", "").startswith("rotate(-0"):
            del element.attrib["transform"]
    drawn = root.find("g")
    assert drawn is not None  # noqa: S101 - the figure
    for group in drawn.iter("g"):
        _hoist_style(group)
    for group in list(drawn.iter("g")):
        kind, tips = marks.get(group.get("id", ""), ("", ()))
        if kind:
            _describe(group, kind, tips)
    _rename_ids(drawn)
    return "".join(ET.tostring(child, encoding="unicode") for child in drawn)


def _local(name: str) -> str:
    return name.rpartition("}")[2]


def _simple(key: str, value: str) -> str:
    """Return coordinates with one digit, and a style without fonts, in the palette's variables."""
    if key != "style":
        return _LONG_NUMBER.sub(lambda found: f"{float(found[0]):.1f}", " ".join(value.split()))
    plain = _FONT.sub(lambda found: f"font-weight: {found[1] or 400}; font-size: {found[2]}", value)
    return _COLOUR.sub(lambda found: _VARIABLES[found[0]], _FAMILY.sub("", plain))


def _hoist_style(group: ET.Element) -> None:
    """Give a group the style that all of its shapes have."""
    styles = {child.get("style", "") for child in group}
    if len(group) > 1 and len(styles) == 1 and "" not in styles and "style" not in group.attrib:
        group.set("style", styles.pop())
        for child in group:
            del child.attrib["style"]


def _describe(group: ET.Element, kind: str, tips: tuple[str, ...]) -> None:
    group.set("class", kind)
    defined = {id(path) for defs in group.iter("defs") for path in defs}
    shapes = [e for e in group.iter() if e.tag in _SHAPES and id(e) not in defined]
    for shape, tip in zip(shapes, tips, strict=False):
        ET.SubElement(shape, "title").text = tip


def _rename_ids(drawn: ET.Element) -> None:
    """Keep the ids that are referred to, and make them the drawing's own on a page of several."""
    used = sorted({e.get("href", "") for e in drawn.iter("use")})
    salt = hashlib.sha256(ET.tostring(drawn)).hexdigest()[:6]
    names: dict[Any, str] = {old: f"#c{salt}-{k}" for k, old in enumerate(used)}
    for element in drawn.iter():
        if "href" in element.attrib:
            element.set("href", names[element.get("href")])
        own = names.get(f"#{element.attrib.pop('id', '')}")
        if own:
            element.set("id", own[1:])
