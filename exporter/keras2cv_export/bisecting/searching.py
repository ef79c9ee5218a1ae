"""The search for the first wrong layer, over the layers that can be read."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from onnx import ModelProto, NodeProto

from keras2cv.net.engines import ENGINES
from keras2cv_export.parity.exactness import TENSORFLOW
from keras2cv_export.tracing.layer_outputs import Layer

from .asking import Answer, OpenCV, ask_onnxruntime
from .comparing import Readable, distance, errors, roots, steepest
from .cutting import GraphFile
from .report import Bisection, Divergence, Fault, LayerError, Rerun, part_of
from .reproducing import write_repro
from .wrong_values import looks_like, where_wrong

Array = np.ndarray[Any, Any]


@dataclass(frozen=True)
class Search:
    """The inputs of the search: the graph, the right values, and the settings.

    Attributes:
        graph: The exported file.
        layers: Those that can be read from it.
        all_layers: Those and the others.
        feeds: The sample, as the net takes it.
        engine: Of OpenCV.
        limit: The largest error that a layer may have.
        sample: The sample's number.
        fails: Whether the outputs of the whole net are wrong.
        progress: Called with a few words before each step.
        judge: Who gave the right values.
    """

    graph: GraphFile
    layers: tuple[Readable, ...]
    all_layers: tuple[Layer, ...]
    feeds: Mapping[str, Array]
    engine: str
    limit: float
    sample: int
    fails: bool
    progress: Callable[[str], None]
    judge: str = TENSORFLOW

    def run(self, repro: Path | None) -> Bisection:
        """Search, then examine the layer that was found."""
        self.progress(f"asking OpenCV for {len(self.layers)} {part_of(self.judge)}s")
        answer = OpenCV(self.engine).ask(self._tapped(), self.feeds)
        values = dict(answer.values)
        found = errors(self.layers, values) if values else ()
        nothing = Bisection(
            self.engine,
            cv2.__version__,
            self.sample,
            self.limit,
            self.fails,
            found,
            self._unread(),
            notes=(self._at_once(answer.problem),) if answer.problem else (),
            judge=self.judge,
        )
        root, others = self._first(found)
        if root is None and (self.fails or not values):
            root, values = self._first_when_cut(values)
            first = self._divergence(root, values, unfused=True) if root else None
        elif root is not None:
            first = self._divergence(root, values)
        else:
            first = None
        if first is None and self.fails and found:
            first = self._gradual(found, values)
        if first is None:
            return nothing
        return self._examined(replace(nothing, first=first, others=others), values, repro)

    def _at_once(self, problem: str) -> str:
        return f"Asked for all {part_of(self.judge)}s at once: {problem}."

    def _tapped(self) -> ModelProto:
        return self.graph.tapped(r.origin.value for r in self.layers)

    def _unread(self) -> tuple[str, ...]:
        seen = {r.layer.key for r in self.layers}
        return tuple(layer.key for layer in self.all_layers if layer.key not in seen)

    def _first(self, found: Sequence[LayerError]) -> tuple[Readable | None, tuple[str, ...]]:
        keys = roots(self.layers, found, self.limit).roots
        return (self._of(keys[0]), keys[1:]) if keys else (None, ())

    def _of(self, key: str) -> Readable:
        return next(r for r in self.layers if r.layer.key == key)

    # -- a net that is right as long as one looks

    def _first_when_cut(
        self, values: Mapping[str, Array]
    ) -> tuple[Readable | None, dict[str, Array]]:
        """Halve the layers, cutting the graph after one at a time, until the first wrong one."""
        self.progress("asking OpenCV again, with the graph cut in one place at a time")
        answers: dict[int, Answer] = {}

        def wrong(k: int) -> bool:
            answers[k] = OpenCV(self.engine).ask(self._up_to(self.layers[k]), self.feeds)
            got = answers[k].values.get(self.layers[k].origin.value)
            return not self.layers[k].error_of(got) <= self.limit

        low, high = 0, len(self.layers) - 1
        if high < 0 or not wrong(high):
            return None, dict(values)
        while low < high:
            middle = (low + high) // 2
            low, high = (low, middle) if wrong(middle) else (middle + 1, high)
        root = self.layers[high]
        return root, {
            **{r.origin.value: r.value for r in self.layers[:high]},
            **answers[high].values,
        }

    def _up_to(self, r: Readable) -> ModelProto:
        nodes = self.graph.nodes_to(r.origin.value, lambda _: False)
        return self.graph.cut(nodes, [r.origin.value])

    def _gradual(
        self, found: Sequence[LayerError], values: Mapping[str, Array]
    ) -> Divergence | None:
        key = steepest(self.layers, found, self.limit)
        return replace(self._divergence(self._of(key), values), gradual=True) if key else None

    # -- details of the first wrong layer

    def _divergence(
        self, root: Readable, values: Mapping[str, Array], *, unfused: bool = False
    ) -> Divergence:
        got = values.get(root.origin.value)
        (error,) = errors([root], values)
        nodes, good = self._part(root)
        return Divergence(
            error,
            self._suspects(root),
            tuple(r.layer.key for r in good),
            tuple(node.op_type for node in nodes),
            looks_like(root, got, self.limit),
            where_wrong(root, got, self.limit),
            unfused,
        )

    def _part(self, root: Readable) -> tuple[list[NodeProto], list[Readable]]:
        """Return the nodes between the last right values and a wrong one, and those values."""
        places: dict[str, Readable] = {}
        for r in self.layers:
            if r.layer.key in root.layer.before and r.origin.value != root.origin.value:
                places.setdefault(r.origin.value, r)
        nodes = self.graph.nodes_to(root.origin.value, lambda name: name in places)
        return nodes, [places[n] for n in self.graph.sources_of(nodes) if n in places]

    def _suspects(self, root: Readable) -> tuple[str, ...]:
        """Return the layers between the last right ones and the wrong one that cannot be read."""
        seen = {r.layer.key for r in self.layers}
        right = [r.layer for r in self.layers if r.layer.key in root.layer.before]
        settled = {key for layer in right for key in layer.before}
        return tuple(
            layer.key
            for layer in self.all_layers
            if layer.key in root.layer.before and layer.key not in seen and layer.key not in settled
        )

    # -- whose fault it is, its conditions, and a repro

    def _examined(
        self, found: Bisection, values: Mapping[str, Array], repro: Path | None
    ) -> Bisection:
        assert found.first is not None  # noqa: S101 - the caller looked
        root = self._of(found.first.found.key)
        self.progress("asking onnxruntime, and OpenCV with its options switched")
        cut = self._up_to(root)
        fault, reason = self._fault(root, cut, values.get(root.origin.value))
        examined = replace(found, fault=fault, reason=reason, reruns=self._reruns(root, cut))
        if repro is None:
            return examined
        self.progress("writing the reproduction")
        return replace(examined, repro=write_repro(repro, self, examined, root))

    def _fault(self, root: Readable, cut: ModelProto, got: Array | None) -> tuple[Fault, str]:
        answer = ask_onnxruntime(cut, self.feeds)
        theirs = answer.values.get(root.origin.value)
        if theirs is None:
            return "unknown", answer.problem
        right = root.error_of(theirs)
        apart = distance(theirs, got) if got is not None else None
        whose = self.judge if self.judge == TENSORFLOW else "the file's own value"
        numbers = f"onnxruntime is {right:.1e} from {whose}"
        if apart is not None:
            numbers += f" and {apart:.1e} from OpenCV"
        error = root.error_of(got)
        if right <= self.limit and right < error / 3:
            return "opencv", numbers
        if apart is not None and (apart <= self.limit or apart < right / 10):
            return "conversion", numbers
        return "both", numbers

    def _reruns(self, root: Readable, cut: ModelProto) -> tuple[Rerun, ...]:
        other = [e for e in ENGINES if e != self.engine]
        settings = {"as it is": OpenCV(self.engine)}
        if self.engine == "classic":  # 5.0's new engine loses the net when these are switched
            settings["fusion off"] = OpenCV(self.engine, fusion=False)
            settings["winograd off"] = OpenCV(self.engine, winograd=False)
        settings |= {f"{engine} engine": OpenCV(engine) for engine in other}
        return tuple(self._rerun(root, cut, name, how) for name, how in settings.items())

    def _rerun(self, root: Readable, cut: ModelProto, name: str, how: OpenCV) -> Rerun:
        answer = how.ask(cut, self.feeds)
        got = answer.values.get(root.origin.value)
        if got is None:
            return Rerun(name, None, diverges=True, problem=answer.problem)
        error = root.error_of(got)
        return Rerun(name, error, diverges=not error <= self.limit)

    def good_values(self, root: Readable) -> tuple[list[NodeProto], dict[str, Array]]:
        """Return the part of the graph that goes wrong, and the right values that go into it."""
        nodes, good = self._part(root)
        right = {r.origin.value: r.value for r in good} | dict(self.feeds)
        return nodes, {name: right[name] for name in self.graph.sources_of(nodes)}
