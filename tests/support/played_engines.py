"""As much of Ray Data, Dask and PySpark as the adapters use, in one process."""

from __future__ import annotations

import pickle
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from types import ModuleType, SimpleNamespace
from typing import Any

from support.played_frame import Frame


@dataclass
class Dataset:
    """Ray's: blocks of columns, and what `map_batches` was asked for."""

    blocks: list[dict[str, Any]]
    asked: dict[str, Any] = field(default_factory=dict)

    def schema(self, *, fetch_if_missing: bool) -> Any:
        """Return the names of the columns, which Ray knows of blocks in memory."""
        assert not fetch_if_missing
        return SimpleNamespace(names=list(self.blocks[0]))

    def map_batches(self, kind: Any, **asked: Any) -> Dataset:
        """Make an object of the class, elsewhere, and give it each block."""
        given = asked.pop("fn_constructor_args"), asked.pop("fn_constructor_kwargs")
        assert len(given[1]["sha256"]) == 64
        arguments, options = pickle.loads(pickle.dumps(given))  # noqa: S301 - our own
        worker = kind(*arguments, **options)
        return Dataset([worker(block) for block in self.blocks], asked)


@dataclass
class Parts:
    """A data frame of Dask, and a bag: partitions, and an empty one to know the columns by."""

    parts: list[Any]
    _meta: Any = None

    def map_partitions(self, function: Callable[[Any], Any], meta: Any = None) -> Parts:
        """Call a function that has travelled."""
        worker = pickle.loads(pickle.dumps(function))  # noqa: S301 - our own
        return type(self)([worker(part) for part in self.parts], meta)


class Bag(Parts):
    """Dask's."""


class Blocks:
    """A Dask array of two blocks of rows."""

    def __init__(self, array: Any) -> None:
        """Cut an array in two."""
        self.array, self.ndim = array, array.ndim
        self.chunks = ((2, len(array) - 2), *((size,) for size in array.shape[1:]))

    def rechunk(self, chunks: dict[int, int]) -> Blocks:
        """Return it: no axis but the first is cut."""
        assert chunks == dict.fromkeys(range(1, self.ndim), -1)
        return self

    def map_blocks(self, function: Callable[[Any], Any], **described: Any) -> Any:
        """Return the blocks, and what was said of them."""
        return [function(self.array[:2]), function(self.array[2:])], described


@dataclass
class SparkFrame:
    """A data frame of Spark: partitions, and the names in its schema."""

    parts: list[Frame]
    columns: list[str]
    sparkSession: Any = None  # noqa: N815 - Spark's name

    @property
    def schema(self) -> Any:
        """Return fields with names."""
        return SimpleNamespace(fields=[SimpleNamespace(name=name) for name in self.columns])

    def mapInPandas(self, run: Any, schema: Any) -> SparkFrame:  # noqa: N802 - Spark's name
        """Run a task for each partition."""

        def of(part: Frame) -> Iterator[Frame]:
            yield from run(iter([part]))

        parts = [found for part in self.parts for found in of(part)]
        return SparkFrame(parts, [item.name for item in schema])


class _Types(ModuleType):
    """Spark's: each is known by its name."""

    StructType = staticmethod(list)

    @staticmethod
    def StructField(name: str, kind: str) -> Any:  # noqa: N802 - Spark's name
        return SimpleNamespace(name=name, kind=kind)

    @staticmethod
    def ArrayType(kind: str) -> str:  # noqa: N802 - Spark's name
        return f"array<{kind}>"

    def __getattr__(self, name: str) -> Any:
        return lambda: name


def _module(name: str, **attributes: Any) -> ModuleType:
    module = ModuleType(name)
    vars(module).update(attributes)
    return module


def played_modules() -> dict[str, ModuleType]:
    """Return the modules by name, for `sys.modules`."""

    def strategy(min_size: int, max_size: int) -> tuple[int, int]:
        return min_size, max_size

    data = _module("ray.data", Dataset=Dataset, ActorPoolStrategy=strategy)
    return {
        "ray": _module("ray", data=data, cluster_resources=lambda: {"CPU": 6.0}),
        "ray.data": data,
        "dask": _module("dask"),
        "dask.bag": _module("dask.bag", Bag=Bag),
        "dask.dataframe": _module("dask.dataframe", DataFrame=Parts),
        "dask.array": _module("dask.array", Array=Blocks),
        "pyspark": _module("pyspark"),
        "pyspark.sql": _module("pyspark.sql"),
        "pyspark.sql.types": _Types("pyspark.sql.types"),
    }
