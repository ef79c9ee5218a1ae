"""The name, shape and type of a model's inputs and outputs, in Keras' own terms."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class TensorSpec:
    """One input or output of a Keras model.

    Attributes:
        name: The Keras name: an `Input`'s name, a dict key, an output layer's name.
        shape: Keras' layout (channels last), the batch dimension first; None is an open dimension.
        dtype: NumPy's name of the element type, such as "float32" or "uint8".
        channels_first: Whether the axes are (N, C, H, W), as an ONNX model's are.
    """

    name: str
    shape: tuple[int | None, ...]
    dtype: str
    channels_first: bool = False

    def __str__(self) -> str:
        """Show as `image (None, 224, 224, 3) float32`."""
        return f"{self.name} {self.shape} {self.dtype}"

    @property
    def is_static(self) -> bool:
        """Whether every dimension has a size."""
        return None not in self.shape

    @property
    def is_image(self) -> bool:
        """Whether the shape is that of a batch of pictures, of 1, 3 or 4 channels."""
        return len(self.shape) == 4 and self.channels in (1, 3, 4)

    @property
    def is_clip(self) -> bool:
        """Whether the shape is that of a batch of clips: (N, T, H, W, 1, 3 or 4)."""
        return len(self.shape) == 5 and self.channels in (1, 3, 4)

    @property
    def may_be_pictures(self) -> bool:
        """Whether a user may say that it takes pictures or clips, of any number of channels."""
        return len(self.shape) in (4, 5)

    @property
    def channels(self) -> int | None:
        """How many channels a picture or clip has; for a shape of four or five axes."""
        return self.shape[1 if self.channels_first else -1]

    @property
    def size_hw(self) -> tuple[int, int]:
        """Height and width of a picture; for a shape of four or five axes, 0 where it is open."""
        height, width = self.shape[-2:] if self.channels_first else self.shape[-3:-1]
        return int(height or 0), int(width or 0)
