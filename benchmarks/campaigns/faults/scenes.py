"""Drawn pictures: a rectangle of one of three colours before soft noise, and where it is."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import cv2
import numpy as np

Array = np.ndarray[Any, Any]

WIDTH, HEIGHT = 64, 48  # of the models' inputs
COLOURS: Final = np.array([[215, 60, 45], [60, 190, 70], [50, 80, 220]])  # RGB
CHARACTERS: Final = "ABC"
SLOTS, SLOT, BLOCK = 4, 24, 14  # of a line of text: blocks of colour, in pixels
LINE_WH: Final = (SLOTS * SLOT, 16)
STEP: Final = 4  # pixels of a line for each step that the model reads


@dataclass(frozen=True, eq=False)
class Scene:
    """A picture (H, W, 3) uint8 RGB, the class of its rectangle, and its corners as shares."""

    image: Array
    colour: int
    box_yxyx: Array


def draw_scene(rng: np.random.Generator, width: int = WIDTH, height: int = HEIGHT) -> Scene:
    """Draw a scene of that size."""
    noise = rng.integers(60, 130, (6, 8, 3), np.uint8)
    image = cv2.resize(noise, (width, height), interpolation=cv2.INTER_CUBIC)
    w, h = rng.uniform(0.25, 0.5, 2)
    x0, y0 = rng.uniform(0.03, 0.97 - w), rng.uniform(0.03, 0.97 - h)
    colour = int(rng.integers(3))
    left, top = round(x0 * width), round(y0 * height)
    right, bottom = round((x0 + w) * width), round((y0 + h) * height)
    shade = np.clip(COLOURS[colour] + rng.integers(-25, 25, 3), 0, 255)
    image[top:bottom, left:right] = shade
    corners = np.array([top / height, left / width, bottom / height, right / width], np.float32)
    return Scene(image, colour, corners)


def scenes(count: int, seed: int) -> list[Scene]:
    """Draw scenes of the models' input size."""
    rng = np.random.default_rng(seed)
    return [draw_scene(rng) for _ in range(count)]


def draw_line(rng: np.random.Generator, factor: int = 1) -> tuple[Array, Array]:
    """Draw a line of blocks; return it, and the class of each step, the last one being no block."""
    width, height = LINE_WH
    image = rng.integers(70, 110, (height, width, 3)).astype(np.uint8)
    steps = np.full(width // STEP, len(CHARACTERS))
    for slot in range(SLOTS):
        colour, x0 = int(rng.integers(3)), slot * SLOT + 5
        image[2:-2, x0 : x0 + BLOCK] = np.clip(COLOURS[colour] + rng.integers(-20, 20, 3), 0, 255)
        centres = np.arange(len(steps)) * STEP + STEP / 2
        steps[(centres > x0) & (centres < x0 + BLOCK)] = colour
    size = (width * factor, height * factor)
    return cv2.resize(image, size, interpolation=cv2.INTER_NEAREST), steps


def write_pictures(folder: Path, *, lines: bool, count: int = 8, seed: int = 77) -> None:
    """Write pictures of other sizes than the models' inputs, as PNG."""
    folder.mkdir(parents=True, exist_ok=True)
    rng = np.random.default_rng(seed)
    for k in range(count):
        width, height = 150 + 11 * k, 97 + 7 * k
        image = draw_line(rng, 3)[0] if lines else draw_scene(rng, width, height).image
        cv2.imwrite(str(folder / f"scene{k}.png"), np.ascontiguousarray(image[..., ::-1]))
