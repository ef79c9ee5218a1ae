"""Zip archives by their members: names, contents, order, and entries of the directory."""

from __future__ import annotations

import io
import random
import stat
import warnings
import zipfile
from collections.abc import Callable, Mapping
from typing import Final

from .raw import Mutate, mutate_bytes

Members = list[tuple[zipfile.ZipInfo, bytes]]

_NAMES: Final = (
    *("../escaped", "/var/escaped", "a/../../escaped", "..\\escaped", "C:\\escaped", "", "a" * 300),
    *("config.json", "model.weights.h5", "metadata.json", "in/0/0.npy", "image/png.npy", "x.npy"),
)
_BOMB: Final = bytes(8 * 2**20)


def mutate_archive(
    rng: random.Random, data: bytes, by_suffix: Mapping[str, Mutate] | None = None
) -> bytes:
    """Return the archive `data`, changed; `by_suffix` maps a member's suffix to its mutation."""
    if rng.random() < 0.25:
        return mutate_bytes(rng, data)
    members = _members(data)
    for _ in range(rng.choice((1, 1, 2))):
        if rng.random() < 0.6:
            _change_content(rng, members, by_suffix or {})
        else:
            rng.choice(_CHANGES)(rng, members)
    packed = _packed(rng, members)
    return _with_false_sizes(rng, packed) if rng.random() < 0.1 else packed


def _members(data: bytes) -> Members:
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        return [(info, archive.read(info)) for info in archive.infolist()]


def _packed(rng: random.Random, members: Members) -> bytes:
    buffer = io.BytesIO()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)  # duplicate names are intended
        with zipfile.ZipFile(buffer, "w", rng.choice((0, zipfile.ZIP_DEFLATED))) as archive:
            for info, content in members:
                made = zipfile.ZipInfo(info.filename)
                made.external_attr = info.external_attr
                kind = rng.choice((zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED, zipfile.ZIP_DEFLATED))
                archive.writestr(made, content, zipfile.ZIP_DEFLATED if content is _BOMB else kind)
    return buffer.getvalue()


def _change_content(rng: random.Random, members: Members, by_suffix: Mapping[str, Mutate]) -> None:
    if members:
        index = rng.randrange(len(members))
        info, content = members[index]
        suffix = info.filename.rpartition(".")[2]
        mutate = by_suffix.get(suffix, mutate_bytes) if rng.random() < 0.8 else mutate_bytes
        members[index] = (info, mutate(rng, content))


def _drop(rng: random.Random, members: Members) -> None:
    if members:
        del members[rng.randrange(len(members))]


def _rename(rng: random.Random, members: Members) -> None:
    if members:
        index = rng.randrange(len(members))
        members[index] = (zipfile.ZipInfo(rng.choice(_NAMES)), members[index][1])


def _double(rng: random.Random, members: Members) -> None:
    if members:
        info, content = rng.choice(members)
        members.append((info, mutate_bytes(rng, content)))


def _exchange(rng: random.Random, members: Members) -> None:
    if len(members) > 1:
        (one, first), (other, second) = rng.sample(members, 2)
        members[:] = [m for m in members if m[0] not in (one, other)]
        members += [(one, second), (other, first)]


def _link(rng: random.Random, members: Members) -> None:
    info = zipfile.ZipInfo(rng.choice(_NAMES))
    info.external_attr = (stat.S_IFLNK | 0o777) << 16
    members.append((info, b"/etc/passwd"))


def _bomb(rng: random.Random, members: Members) -> None:
    name = rng.choice(members)[0].filename if members and rng.random() < 0.7 else "bomb.npy"
    members[:] = [m for m in members if m[0].filename != name]
    members.append((zipfile.ZipInfo(name), _BOMB))


def _many(rng: random.Random, members: Members) -> None:
    members += [(zipfile.ZipInfo(f"{rng.random()}.npy"), b"") for _ in range(300)]


def _with_false_sizes(rng: random.Random, data: bytes) -> bytes:
    """Let an entry of the directory claim another size than the member has."""
    at = data.find(b"PK\x01\x02", rng.randrange(max(1, len(data) // 2)))
    if at < 0:
        return data
    where = at + rng.choice((16, 20, 24, 42))  # crc, compressed, uncompressed, offset
    value = rng.choice((0, 1, 2**16, 2**31 - 1, 2**32 - 1))
    return data[:where] + value.to_bytes(4, "little") + data[where + 4 :]


_CHANGES: Final[tuple[Callable[[random.Random, Members], None], ...]] = (
    *(_drop, _drop, _rename, _rename, _double, _exchange, _link, _many, _bomb),
)
