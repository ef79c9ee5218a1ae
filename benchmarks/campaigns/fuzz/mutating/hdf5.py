"""HDF5, as in .h5 models and the weights inside .keras: its tree, links and declarations."""

from __future__ import annotations

import io
import random
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

import h5py
import numpy as np

from keras2cv.errors import ModelError
from keras2cv_export.model.untrusted.heaps import check_heaps

from .raw import mutate_bytes
from .texts import mutate_json

_CONFIG: Final = "model_config"


def mutate_hdf5(rng: random.Random, data: bytes) -> bytes:
    """Return the file `data`, changed: half of the time its bytes, else its contents."""
    if rng.random() < 0.5:
        return mutate_bytes(rng, data)
    buffer = io.BytesIO(data)
    try:
        check_heaps(Path("model.h5"), data)  # else HDF5 may never return
        with h5py.File(buffer, "r+") as file:
            for _ in range(rng.choice((1, 1, 2))):
                rng.choice(_CHANGES)(rng, file)
    except (OSError, RuntimeError, ModelError):  # an earlier change broke the HDF5
        return mutate_bytes(rng, data)
    return buffer.getvalue()


def _names(file: Any, kind: type) -> list[str]:
    found: list[str] = []
    file.visititems(lambda name, item: found.append(name) if isinstance(item, kind) else None)
    return sorted(found)


def _config(rng: random.Random, file: Any) -> None:
    """Change the architecture, where there is one."""
    if _CONFIG in file.attrs:
        text = file.attrs[_CONFIG]
        changed = mutate_json(rng, text.encode() if isinstance(text, str) else bytes(text))
        file.attrs[_CONFIG] = np.bytes_(changed[:60_000])


def _remove(rng: random.Random, file: Any) -> None:
    if names := _names(file, h5py.Dataset) + _names(file, h5py.Group):
        del file[rng.choice(names)]


def _reshape(rng: random.Random, file: Any) -> None:
    """Replace a weight by an array of another shape, type or rank, or as large as possible."""
    if not (names := _names(file, h5py.Dataset)):
        return
    name = rng.choice(names)
    del file[name]
    match rng.randrange(4):
        case 0:  # declares 4 TB, and holds nothing of it
            file.create_dataset(name, (10**6, 10**6), "f4", chunks=(1000, 1000))
        case 1:
            file[name] = np.zeros(rng.choice(((), (1,), (3, 3), (0, 4), (2,) * 8)), "f4")
        case 2:
            file[name] = np.array(rng.choice((b"text", b"")))
        case _:
            file[name] = np.full((3, 3, 3, 5), np.nan, rng.choice(("f8", "i1", "f2")))


def _link(rng: random.Random, file: Any) -> None:
    """Let a name lead elsewhere: out of the file, in a circle, or nowhere."""
    names = _names(file, h5py.Dataset) + _names(file, h5py.Group)
    if not names:
        return
    name = rng.choice(names)
    del file[name]
    file[name] = rng.choice(
        (
            h5py.ExternalLink("/etc/passwd", "/"),
            h5py.ExternalLink("../secret.h5", "/x"),
            h5py.SoftLink("/" + name),
            h5py.SoftLink("/nowhere"),
        )
    )


def _outside(rng: random.Random, file: Any) -> None:
    """Let a weight's values lie in another file of the machine."""
    if names := _names(file, h5py.Dataset):
        name = rng.choice(names)
        shape, kind = file[name].shape, file[name].dtype
        del file[name]
        file.create_dataset(name, shape, kind, external=[("/etc/passwd", 0, h5py.h5f.UNLIMITED)])


def _attribute(rng: random.Random, file: Any) -> None:
    """Change an attribute: Keras looks there for names of layers and weights."""
    groups = [file, *(file[name] for name in _names(file, h5py.Group))]
    group = rng.choice(groups)
    if not (keys := sorted(group.attrs)):
        return
    key = rng.choice(keys)
    group.attrs[key] = rng.choice((b"x", np.arange(5), [b"a", b"b"], np.nan, "a" * 3000, b""))


_CHANGES: Final[tuple[Callable[[random.Random, Any], None], ...]] = (
    *(_config, _config, _config, _remove, _reshape, _link, _outside, _attribute),
)
