"""A SavedModel's resource that does more than load: it writes a file."""

from __future__ import annotations

from pathlib import Path

import tensorflow as tf


class WritingResource(tf.saved_model.experimental.TrackableResource):  # type: ignore[misc]
    """A resource whose initialization writes a file."""

    def __init__(self, path: Path) -> None:
        super().__init__()
        self.path = str(path)

    def _create_resource(self) -> object:
        return tf.raw_ops.VarHandleOp(dtype=tf.float32, shape=[], shared_name="evil")

    def _initialize(self) -> None:
        tf.io.write_file(self.path, "ran")
