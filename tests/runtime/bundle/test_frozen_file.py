"""A frozen graph is examined before OpenCV parses it."""

from __future__ import annotations

import pytest

from keras2cv.bundle.frozen_file import follow_frozen
from keras2cv.bundle.netfile.frozen_schema import OPS
from keras2cv.bundle.netfile.protobuf import NetFileError
from support.hostile_graphs import BROKEN, constant, graph
from support.hostile_nets import field

WHOLE = (1, 8)


@pytest.mark.parametrize("name", BROKEN)
def test_a_graph_whose_parts_do_not_agree_is_refused(name: str) -> None:
    """The message names the node."""
    data, message = BROKEN[name]
    with pytest.raises(NetFileError) as caught:
        follow_frozen(data, {"x": WHOLE})
    assert message in str(caught.value)
    assert str(caught.value).isprintable()


def test_a_whole_graph_passes() -> None:
    """Each type has its store."""
    for kind, store in (
        (1, field(4, 2, bytes(8))),
        (1, field(5, 2, bytes(8))),
        (3, field(7, 2, b"\x80\x01\x02")),
        (9, field(10, 2, b"\x01\x02")),
        (19, field(13, 2, b"\x01\x02")),
        (10, field(11, 2, b"\x01\x00")),
        (6, field(4, 2, bytes(2))),
    ):
        assert follow_frozen(graph(constant(store, kind=kind)), {"x": WHOLE}).unknown
    with pytest.raises(NetFileError, match="inputs of 8796093022208 numbers"):
        follow_frozen(graph(), {"x": (2**20, 2**23)})


def test_every_op_that_the_exporter_writes_may_be_there() -> None:
    """Else its own bundles would be refused."""
    activation = pytest.importorskip("keras2cv_export.formats.frozen.activation")
    written = {*activation.PLAIN.values(), *(op for op, _ in activation.NUMBERED.values())}
    assert written <= OPS
