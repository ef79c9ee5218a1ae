"""What is tried: a model of a collection, or a trained file that a package ships."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

# Environments: Keras 3, or TensorFlow with `tf.keras` as Keras 2 (tf_keras).
Generation = Literal["keras3", "keras2"]
Format = Literal["keras", "h5", "saved"]


@dataclass(frozen=True)
class Collection:
    """Packages whose models are built in the same way.

    Attributes:
        name: Of the package, as the page shows it.
        generation: The environment.
        requirements: Pinned, installed without their dependencies: "kimm==0.2.5".
        imports: What `export --import` names, for layers of the package's own.
        values: The range of the numbers that its models expect.
        variables: Environment variables that the package wants.
    """

    name: str
    generation: Generation
    requirements: tuple[str, ...]
    imports: tuple[str, ...] = ()
    values: tuple[float, float] = (0.0, 1.0)
    variables: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Specimen:
    """One model.

    Attributes:
        collection: Where it comes from.
        title: Its name in the collection.
        build: The dotted name of what builds it; or a file in a package, "spliceai/models/x.h5".
        arguments: For `build`.
        format: The file to save; of a shipped file, what it is.
        trained: The package's weights are kept; else they are calibrated.
        shapes: Sizes for open dimensions: the shape of each input without the batch.
        options: Further words of `keras2cv export`.
    """

    collection: Collection
    title: str
    build: str
    arguments: Mapping[str, Any] = field(default_factory=dict)
    format: Format = "keras"
    trained: bool = False
    shapes: Sequence[tuple[int, ...]] = ()
    options: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        """Both names: "kimm/GhostNetV2W100"."""
        return f"{self.collection.name}/{self.title}"

    @property
    def ships(self) -> bool:
        """Whether the package holds the file."""
        return "/" in self.build


def several(
    collection: Collection, home: str, titles: Iterable[str], **arguments: Any
) -> tuple[Specimen, ...]:
    """Return specimens that differ in the name of their builder alone."""
    return tuple(Specimen(collection, title, f"{home}.{title}", arguments) for title in titles)
