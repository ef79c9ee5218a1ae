"""Flatten a traced graph: the result has no functions, branches, loops or variables.

The graph is walked as TensorFlow would run it, but on symbols: each node that the outputs need is
added to a new graph, where TensorFlow infers its static shape at once.

    call of a function       its body, in place
    While                    one op where it is a recurrent layer (recurrent); else its body once
                             per step; where the number of steps does not follow
                             from shapes, one op for all, done after the net (tail_loops)
    If, Case                 the branch that is taken; where the input decides, both and a select
    list of tensors          a Python tuple: its elements are wired directly (flatten_lists)
    variable, lookup table   their values (flatten_state)
    arithmetic on weights    its results (flatten_weights)
    op that ONNX lacks       the plain ops of tf_ops.PLAIN; a box selection and all that follows
                             it are copied unchanged, and cut_numpy_tail cuts them off later
    rows as many as found    as many as there can be, and which of them are there (open_rows)

Control dependencies are dropped, and with them writes to variables, which only the next call would
read. A model whose predictions depend on earlier calls is caught when its answers are compared.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import tf2onnx.onnx_opset  # noqa: F401 - registers the conversions that are looked up below
from tf2onnx import handler

from keras2cv.numpy_tail.step import MAX_CONSTANT
from keras2cv_export.quiet.tensorflow import tf
from keras2cv_export.targets.importer_support import Unsupported, layer_of

from .cut_numpy_tail import is_after_cut
from .flatten_lists import LIST_OPS, StackedList, TensorList, stacked_list
from .flatten_state import STATE_OPS, refusal_of
from .flatten_weights import Weights
from .graph_body import Body, data_inputs, function_body
from .open_rows.rows import OpenRows
from .open_rows.rules import starts_rows, with_rows
from .recurrent.loop import Loop
from .recurrent.loops import as_recurrence
from .sizes import Budget
from .tail_loops import LOOP, LOOP_OF_UNKNOWN, SubGraph, TailLoop, add_loop
from .tf_ops import COMPLEX_OPS, ONNX, OPSET, PLAIN
from .tf_ops.finishing import CUTS, STEPS
from .tf_ops.node import Node, RefusedError, known
from .tf_ops.refusals import is_of_any_size, is_random, refusal
from .tf_ops.spectra import Complex, as_complex, by_parts

# Unrolling a longer loop makes a graph that takes minutes to convert, and longer to load.
MAX_STEPS = 2000

# The ops that tf2onnx converts, or that we convert in its place.
_CONVERTED = set(handler.tf_op.create_mapping(OPSET, None)) | set(ONNX)

_NO_NUMBERS = (tf.string, tf.resource, tf.variant)

_SCOPE_OF_CALL = re.compile(r"(^|/)(Stateful)?PartitionedCall(_\d+)?$")
_SMALL = 64
_SCRATCH = "keras2cv_sizes"  # a scope whose nodes nothing reads


class _RefusedValue:
    """The value of a refused node, and of everything that depends on it."""


REFUSED = _RefusedValue()


@dataclass
class Flattener:
    """Walks bodies and adds their nodes to the current default graph.

    Attributes:
        functions: The library: name -> FunctionDef.
        weights: Results computed from weights alone, and the placeholders of all other weights.
        refused: The nodes that OpenCV cannot compute, in the order of the walk.
        budget: How large the graph's results may be.
        unrolled: Whether recurrent layers are unrolled like any loop.
        stated: The recurrent cells that may begin with computed states; see `recurrent.loop`.
        bounds: The largest |number| of tensors that recurrent layers gave, by their names.
        rows: The tensors whose number of rows depends on values.
    """

    functions: Mapping[str, Any]
    weights: Weights = field(default_factory=Weights)
    refused: list[Unsupported] = field(default_factory=list)
    budget: Budget = field(default_factory=Budget)
    unrolled: bool = False
    stated: frozenset[str] = frozenset()
    bounds: dict[str, float] = field(default_factory=dict)
    rows: OpenRows = field(default_factory=OpenRows)
    _bodies: dict[str, Body] = field(default_factory=dict)
    _known: Any = None
    _cut: bool = False
    _after: dict[str, bool] = field(default_factory=dict)
    _in_tail: bool = False

    def run(self, body: Body, arguments: Sequence[Any], scope: str = "") -> list[Any]:
        """Add a body's nodes, its arguments bound to values; return the values of its outputs."""
        values: dict[str, Any] = {
            name: [value] for name, value in zip(body.arguments, arguments, strict=True)
        }
        for proto in body.nodes:
            node = Node(proto, f"{scope}/{proto.name}" if scope else proto.name)
            inputs = [_pick(values, name) for name in data_inputs(proto)]
            values[proto.name] = self._node(node, inputs)
        return [self.weights.tensor(_pick(values, name)) for name in body.outputs]

    def _node(self, node: Node, inputs: list[Any]) -> list[Any] | _RefusedValue:
        if any(value is REFUSED for value in inputs):
            return REFUSED
        if (made := self.weights.computed(node, inputs)) is not None:
            return [made]
        try:
            self.budget.count_node()
            made = self._apply(node, [self.weights.tensor(value) for value in inputs])
            if node.op not in _CONTROL and node.op not in self.functions:
                self.budget.check([value for value in made if _is_tensor(value)])
            return made
        except RefusedError as refusal:
            found = Unsupported(node.op, layer_of(node.name), refusal.why, refusal.hint)
            if found not in self.refused:
                self.refused.append(found)
            return REFUSED

    def _apply(self, node: Node, inputs: list[Any]) -> list[Any]:
        if node.op in _CONTROL:
            return list(_CONTROL[node.op](self, node, inputs))
        if node.op in self.functions:  # a function called by its own name, as TensorFlow 1 did
            return self.call(node.op, inputs, node.name)
        if node.op in _UNCHANGED:
            return inputs
        if starts_rows(node, inputs) or self.rows.concern(inputs):
            return self._with_rows(node, inputs)
        self._cut = self._cut or node.op in CUTS
        if self._is_step(node, inputs):
            return _as_step(node, inputs)
        rule = _rule(node, inputs)
        if rule is not _as_it_is:
            self.budget.check(_expected(node, inputs))
        with tf.name_scope(f"{node.name}/"):
            made = rule(node, *inputs)
        made = _copy(node, inputs) if made is None else made
        return made if isinstance(made, list) else [made]

    def _with_rows(self, node: Node, inputs: list[Any]) -> list[Any]:
        """Add a node that starts rows of an open number, or reads them."""
        if node.op in _KEPT_IN_LISTS and not isinstance(inputs[0], StackedList):
            return list(LIST_OPS[node.op](node, *inputs))
        self.starts_tail()
        with tf.name_scope(f"{node.name}/"):
            made = with_rows(self.rows, node, inputs, _as_step)
        self._after |= self.rows.cut_at
        return made

    def _is_step(self, node: Node, inputs: Sequence[Any]) -> bool:
        if node.op not in STEPS or node.op == LOOP:
            return False
        return self._in_tail or (self._cut and self._is_after_cut(inputs))

    def apart(
        self,
        function: str,
        state: Sequence[Any],
        fixed: Mapping[int, Any],
        lists: Collection[int] = (),
    ) -> SubGraph:
        """Flatten a function of the library in a graph of its own, to be written as steps.

        Args:
            function: Its name.
            state: Tensors like its arguments.
            fixed: The arguments that are known: place -> value.
            lists: The places of those that stand for a list.

        Raises:
            RefusedError: It cannot be flattened.
        """
        inner = Flattener(
            self.functions,
            budget=self.budget,
            unrolled=True,
            _in_tail=True,
            _known=self._library(),
        )
        with tf.Graph().as_default():
            arguments = tuple(tf.compat.v1.placeholder(t.dtype, t.shape) for t in state)
            given = [
                tf.constant(fixed[k], a.dtype) if k in fixed else a for k, a in enumerate(arguments)
            ]
            given = [StackedList(a) if k in lists else a for k, a in enumerate(given)]
            results = inner.call(function, given, "")
        if inner.refused:
            first = inner.refused[0]
            raise RefusedError(f"{LOOP_OF_UNKNOWN}, and {first.op} in it: {first.why}", first.hint)
        inner.rows.refuse(results, LOOP_OF_UNKNOWN)
        tensors = (r.table if isinstance(r, StackedList) else r for r in results)
        return SubGraph(arguments, tuple(tensors))

    def passed_on(self, function: str) -> set[int]:
        """Return the places of the arguments that a function returns as they are."""
        body = self._body(function)
        sources = {proto.name: next(data_inputs(proto), "") for proto in body.nodes
                   if proto.op == "Identity"}  # fmt: skip
        found = set()
        for k, (output, argument) in enumerate(zip(body.outputs, body.arguments, strict=True)):
            node = output.partition(":")[0]
            while node in sources:
                node = sources[node].partition(":")[0]
            if node == argument:
                found.add(k)
        return found

    def starts_tail(self) -> None:
        """Note that ops after this one are done after the net."""
        self._cut = True

    def _is_after_cut(self, inputs: Sequence[Any]) -> bool:
        return any(_is_tensor(value) and is_after_cut(value, self._after) for value in inputs)

    def call(self, function: str, arguments: Sequence[Any], scope: str) -> list[Any]:
        """Inline a function of the library."""
        return self.run(self._body(function), arguments, scope)

    def _body(self, function: str) -> Body:
        if function not in self._bodies:
            with self._library().as_default():
                self._bodies[function] = function_body(self.functions[function])
        return self._bodies[function]

    def _library(self) -> Any:
        """Return a graph with every function: one is read only beside those that it calls."""
        if self._known is None:
            self._known = tf.Graph()
            graph_def = tf.compat.v1.GraphDef()
            graph_def.library.function.extend(self.functions.values())
            with self._known.as_default():
                tf.import_graph_def(graph_def, name="")
        return self._known


_KEPT_IN_LISTS = {"TensorListSetItem", "TensorListGetItem"}

# Ops for training and for checking numbers; a net does neither.
_UNCHANGED = {
    "Identity",
    "IdentityN",
    "StopGradient",
    "PreventGradient",
    "CheckNumerics",
    "Snapshot",
}


def _rule(node: Node, inputs: Sequence[Any]) -> Callable[..., Any]:
    """Return the rule for a node: a function that gives one output, a list, or None to copy it."""
    if any(isinstance(value, Complex) for value in inputs):
        return COMPLEX_OPS.get(node.op, _part_by_part)
    for rules in (LIST_OPS, STATE_OPS, PLAIN):
        if node.op in rules:
            return rules[node.op]
    return _as_it_is


def _as_it_is(_: Node, *inputs: Any) -> None:  # noqa: ARG001
    return None


def _part_by_part(node: Node, *inputs: Any) -> Any:
    """Apply a node to the real and the imaginary parts of complex tensors separately."""
    if not by_parts(node.op):
        raise refusal_of(next(value for value in inputs if isinstance(value, Complex)))
    pairs = [as_complex(v) if _is_complex(v) else Complex(v, v) for v in inputs]
    halves = [
        _copy(_of_floats(node), [getattr(pair, part) for pair in pairs])
        for part in ("real", "imag")
    ]
    return [Complex(real, imag) for real, imag in zip(*halves, strict=True)]


def _is_complex(value: Any) -> bool:
    return isinstance(value, Complex) or value.dtype.is_complex


def _of_floats(node: Node) -> Node:
    """Return the node with its complex type attributes changed to float32."""
    proto = type(node.proto)()
    proto.CopyFrom(node.proto)
    for value in proto.attr.values():
        if value.type in (tf.complex64.as_datatype_enum, tf.complex128.as_datatype_enum):
            value.type = tf.float32.as_datatype_enum
    return replace(node, proto=proto)


def _is_tensor(value: Any) -> bool:
    return isinstance(value, tf.Tensor)


def _pick(values: Mapping[str, Any], name: str) -> Any:
    node, _, index = name.partition(":")
    return REFUSED if values[node] is REFUSED else values[node][int(index or 0)]


def _copy(node: Node, inputs: Sequence[Any]) -> list[Any]:
    """Copy a node for tf2onnx, with sizes and axes that are known as constants: it reads those."""
    return _convertible(node, _as_step(node, [_written_out(value) for value in inputs]))


def _written_out(value: Any) -> Any:
    """Return a few whole numbers that follow from static shapes as a constant."""
    if not _is_tensor(value) or value.op.type == "Const" or not value.dtype.is_integer:
        return value
    size = value.shape.num_elements()
    number = known(value) if size is not None and size <= _SMALL else None
    return value if number is None else tf.constant(number, value.dtype)


def _as_step(node: Node, inputs: Sequence[Any]) -> list[Any]:
    """Copy a node unchanged, for the NumPy tail."""
    for value in inputs:
        if not _is_tensor(value):
            raise refusal_of(value)
    attributes = {k: v for k, v in node.proto.attr.items() if not k.startswith("_")}
    try:
        made = tf.compat.v1.get_default_graph().create_op(
            node.op, inputs, name=node.name, attrs=attributes
        )
    except ValueError as error:  # TensorFlow's shape inference refuses these sizes
        raise RefusedError(f"TensorFlow refuses it: {error}", "Try another input shape.") from error
    return list(made.outputs)


def _expected(node: Node, inputs: Sequence[Any]) -> list[Any]:
    """Return tensors as large as a node's outputs, for rules that compute: they allocate nothing.

    The graph keeps no node that no output needs.
    """
    if not inputs or not all(map(_is_tensor, inputs)):
        return []
    attributes = {k: v for k, v in node.proto.attr.items() if not k.startswith("_")}
    try:
        made = tf.compat.v1.get_default_graph().create_op(
            node.op, list(inputs), name=f"{_SCRATCH}/{node.op}", attrs=attributes
        )
    except (ValueError, TypeError, tf.errors.OpError):  # the rule finds better words
        return []
    return list(made.outputs)


def _convertible(node: Node, outputs: list[Any]) -> list[Any]:
    """Return a copied node's outputs; constants where only constants make them.

    Raises:
        RefusedError: Neither tf2onnx nor we convert the op.
    """
    if node.op in _CONVERTED and not is_random(node.op) and not is_of_any_size(node.op, outputs):
        return outputs
    values = [None if t.dtype in _NO_NUMBERS else known(t) for t in outputs]
    if any(value is None for value in values):
        if node.op in CUTS and node.op != LOOP and all(t.shape.is_fully_defined() for t in outputs):
            return outputs
        raise refusal(node.op)
    return [tf.constant(v, t.dtype) for v, t in zip(values, outputs, strict=True)]


# -- control flow ----------------------------------------


def _call(walk: Flattener, node: Node, inputs: list[Any]) -> list[Any]:
    return walk.call(node.proto.attr["f"].func.name, inputs, _SCOPE_OF_CALL.sub("", node.name))


def _while(walk: Flattener, node: Node, inputs: list[Any]) -> list[Any]:
    test, body = (node.proto.attr[k].func.name for k in ("cond", "body"))
    refused_before = len(walk.refused)
    unrolled = walk.unrolled or walk.rows.concern(inputs)
    if not unrolled and (found := _recurrence(walk, node, (test, body), inputs)) is not None:
        return found
    del walk.refused[refused_before:]
    state, varies = list(inputs), [False] * len(inputs)
    for step in range(MAX_STEPS + 1):
        state = [_settled(value, varies, k) for k, value in enumerate(state)]
        (go_on,) = walk.call(test, state, f"{node.name}/test_{step}")
        answer = known(go_on) if _is_tensor(go_on) else None
        if answer is None:
            del walk.refused[refused_before:]
            return _in_tail(walk, node, (test, body), inputs)
        if not answer:
            return state
        state = walk.call(body, state, f"{node.name}/step_{step}")
    raise RefusedError(
        f"a loop of more than {MAX_STEPS} steps",
        "OpenCV has no loops, and unrolling this one makes too large a graph: shorten it.",
    )


def _recurrence(
    walk: Flattener, node: Node, functions: tuple[str, str], inputs: list[Any]
) -> list[Any] | None:
    """Write a loop as one op; None if it is no recurrent layer that OpenCV has."""
    test, body = functions

    def goes_on(state: Sequence[Any]) -> bool | None:
        (answer,) = walk.call(test, state, f"{node.name}/{_SCRATCH}")
        found = known(answer) if _is_tensor(answer) else None
        return None if found is None else bool(found)

    def step(state: Sequence[Any]) -> list[Any]:
        return walk.call(body, state, f"{node.name}/{_SCRATCH}")

    with tf.name_scope(f"{node.name}/"):
        fixed = frozenset(walk.passed_on(body))
        return as_recurrence(Loop(inputs, fixed, step, goes_on, walk.bounds, walk.stated))


def _in_tail(
    walk: Flattener, node: Node, functions: tuple[str, str], state: list[Any]
) -> list[Any]:
    """Keep a loop with its condition and body as one op, to be done after the net."""
    test, body = functions
    walk.rows.refuse(state, LOOP_OF_UNKNOWN)
    hint = "Loop a fixed number of times, or cut the model before it."
    lists = {k for k, value in enumerate(state) if isinstance(value, TensorList | StackedList)}
    state = _without_lists(walk, body, state)
    if not all(_is_tensor(value) and value.shape.is_fully_defined() for value in state):
        raise RefusedError(f"{LOOP_OF_UNKNOWN}, with arrays of no fixed size", hint)
    values = {k: known(state[k]) for k in walk.passed_on(body)}
    fixed = {k: v for k, v in values.items() if v is not None and v.size <= MAX_CONSTANT}
    loop = TailLoop(walk.apart(test, state, fixed, lists), walk.apart(body, state, fixed, lists))
    pairs = zip(state, loop.body.results, strict=True)
    if any(not _is_tensor(b) or str(a.shape) != str(b.shape) for a, b in pairs):
        raise RefusedError(f"{LOOP_OF_UNKNOWN}, and that changes its arrays' sizes", hint)
    walk.starts_tail()
    with tf.name_scope(f"{node.name}/"):
        made = add_loop(loop, state)
    return [StackedList(value) if k in lists else value for k, value in enumerate(made)]


def _without_lists(walk: Flattener, body: str, state: Sequence[Any]) -> list[Any]:
    """Return a loop's state with each list as one tensor, as large as a first step makes it."""
    if not any(isinstance(value, TensorList | StackedList) for value in state):
        return list(state)
    refused_before = len(walk.refused)
    after = walk.call(body, state, f"{_SCRATCH}/first_step")
    del walk.refused[refused_before:]
    found = []
    for value, later in zip(state, after, strict=True):
        one: Any = value
        if isinstance(value, TensorList):
            elements = later.elements if isinstance(later, TensorList) else ()
            shapes = [tuple(e.shape) for e in elements if _is_tensor(e)]
            one = stacked_list(value, next(iter(shapes), None))
        found.append(one.table if isinstance(one, StackedList) else one)
    return found


def _settled(value: Any, varies: list[bool], k: int) -> Any:
    """Replace a counter by its value, so that the next step need not add up all steps before it."""
    if varies[k] or not _is_tensor(value) or value.op.type == "Const":
        return value
    size = value.shape.num_elements()
    number = known(value) if size is not None and size <= _SMALL else None
    varies[k] = number is None
    return value if number is None else tf.constant(number, value.dtype)


def _if(walk: Flattener, node: Node, inputs: list[Any]) -> list[Any]:
    branches = [node.proto.attr[k].func.name for k in ("else_branch", "then_branch")]
    return _select(walk, node, inputs, branches)


def _case(walk: Flattener, node: Node, inputs: list[Any]) -> list[Any]:
    branches = [function.name for function in node.proto.attr["branches"].list.func]
    return _select(walk, node, inputs, branches)


def _select(walk: Flattener, node: Node, inputs: list[Any], branches: Sequence[str]) -> list[Any]:
    index, arguments = inputs[0], inputs[1:]
    choice = known(index)
    if choice is not None:
        taken = int(choice)
        taken = taken if 0 <= taken < len(branches) else len(branches) - 1
        return walk.call(branches[taken], arguments, node.name)
    results = [
        walk.call(branch, arguments, f"{node.name}/branch_{k}") for k, branch in enumerate(branches)
    ]
    walk.rows.refuse([value for values in results for value in values], "a branch")
    with tf.name_scope(f"{node.name}/"):
        return [_choose(index, options) for options in zip(*results, strict=True)]


def _choose(index: Any, options: Sequence[Any]) -> Any:
    """Compute every branch and select one: exact, since branches change nothing outside."""
    shapes = {str(o.shape) for o in options if _is_tensor(o)}
    if len(shapes) != 1 or not all(_is_tensor(o) for o in options):
        raise RefusedError(
            "a branch that depends on the input, with results of different shapes",
            "Make both branches return the same shape, or cut the model before it.",
        )
    result = options[-1]
    for k, option in reversed(list(enumerate(options[:-1]))):
        is_k = tf.logical_not(index) if index.dtype == tf.bool else tf.equal(index, k)
        result = tf.where(is_k, option, result)
    return result


_CONTROL = {
    "PartitionedCall": _call,
    "StatefulPartitionedCall": _call,
    "While": _while,
    "StatelessWhile": _while,
    "If": _if,
    "StatelessIf": _if,
    "Case": _case,
    "StatelessCase": _case,
}
