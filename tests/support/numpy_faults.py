"""Ways to get a right net wrong, one at a time: in its weights, its inputs or its outputs.

`NET_FAULTS` give a wrong net; `INPUT_FAULTS` a wrong picture for the right one; `ANSWER_FAULTS`
spoil right answers, one mapping of output to array per sample.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from support.numpy_net import Array, Block, Net

Answers = list[dict[str, Array]]


def _in_block(index: int, **changes: Callable[[Block], Any]) -> Callable[[Net], Net]:
    def wrong(net: Net) -> Net:
        block = net.blocks[index]
        changed = replace(block, **{name: change(block) for name, change in changes.items()})
        return replace(net, blocks=(*net.blocks[:index], changed, *net.blocks[index + 1 :]))

    return wrong


def _negate_largest_weight(block: Block) -> Array:
    kernel = block.kernel.copy()
    kernel[np.unravel_index(np.abs(kernel).argmax(), kernel.shape)] *= -1
    return kernel


def _drop_one_bias(block: Block) -> Array:
    bias = block.bias.copy()
    bias[np.abs(bias).argmax()] = 0.0
    return bias


def _half(values: Array) -> Array:
    return values.astype(np.float16).astype(np.float32)


NET_FAULTS: Mapping[str, Callable[[Net], Net]] = {
    "scale 0.00392 for 1/255": lambda net: replace(net, scale=0.00392),
    "scale missing": lambda net: replace(net, scale=1.0),
    "mean half a grey level off": lambda net: replace(net, mean=net.mean + np.float32(0.5)),
    "mean in BGR order": lambda net: replace(net, mean=net.mean[::-1]),
    "mean missing": lambda net: replace(net, mean=np.zeros_like(net.mean)),
    "scaled before the mean": lambda net: replace(net, mean=net.mean / np.float32(255.0)),
    "one bias dropped": _in_block(2, bias=_drop_one_bias),
    "one weight negated": _in_block(3, kernel=_negate_largest_weight),
    "kernel flipped": _in_block(1, kernel=lambda block: block.kernel[::-1, ::-1]),
    "kernel transposed": _in_block(4, kernel=lambda block: block.kernel.transpose(1, 0, 2, 3)),
    "input channels of a kernel reversed": _in_block(5, kernel=lambda b: b.kernel[:, :, ::-1]),
    "batch normalisation epsilon": _in_block(0, epsilon=lambda _: 1e-5),
    "batch normalisation mean missing": _in_block(2, mean=lambda block: np.zeros_like(block.mean)),
    "variance taken as deviation": _in_block(3, variance=lambda block: np.sqrt(block.variance)),
    "gamma missing": _in_block(1, gamma=lambda block: np.ones_like(block.gamma)),
    "padding off by a pixel": _in_block(2, shift=lambda _: 1),
    "a kernel in half precision": _in_block(0, kernel=lambda block: _half(block.kernel)),
    "flattened channels first": lambda net: replace(net, channels_first_flatten=True),
    "head of another checkpoint": lambda net: replace(net, head=net.head * np.float32(1.002)),
    "head bias missing": lambda net: replace(net, head_bias=np.zeros_like(net.head_bias)),
    "class shifted by one": lambda net: replace(
        net, head=np.roll(net.head, 1, axis=1), head_bias=np.roll(net.head_bias, 1)
    ),
}

INPUT_FAULTS: Mapping[str, Callable[[Array], Array]] = {
    "BGR for RGB": lambda picture: picture[..., ::-1],
    "mirrored": lambda picture: picture[:, :, ::-1],
    "upside down": lambda picture: picture[:, ::-1],
    "shifted by a pixel": lambda picture: np.roll(picture, 1, axis=2),
    "resized otherwise": lambda picture: picture // 2 + np.roll(picture, 1, axis=1) // 2,
    "gray": lambda picture: np.broadcast_to(picture[..., 1:2], picture.shape),
    "never read": lambda picture: np.full_like(picture, 99),
    "one level brighter": lambda picture: np.minimum(picture, 254) + np.uint8(1),
}


def _each(change: Callable[[dict[str, Array]], dict[str, Array]]) -> Callable[[Answers], Answers]:
    return lambda answers: [change(dict(sample)) for sample in answers]


def _with(name: str, change: Callable[[Array], Array]) -> Callable[[Answers], Answers]:
    return _each(lambda sample: {**sample, name: change(sample[name])})


def _in_one_sample(name: str, index: int, value: float) -> Callable[[Answers], Answers]:
    def wrong(answers: Answers) -> Answers:
        spoilt = answers[index][name].copy()
        spoilt.flat[spoilt.size // 2] = value
        return [
            {**sample, name: spoilt} if i == index else sample for i, sample in enumerate(answers)
        ]

    return wrong


def _exchange(one: str, two: str) -> Callable[[Answers], Answers]:
    return _each(lambda sample: {**sample, one: sample[two], two: sample[one]})


def _without(sample: dict[str, Array], name: str) -> dict[str, Array]:
    return {key: value for key, value in sample.items() if key != name}


def _first_for_all(answers: Answers) -> Answers:
    return [answers[0]] * len(answers)


def _poured(heat: Array, order: Sequence[int]) -> Array:
    return heat.transpose(order).reshape(heat.shape)


ANSWER_FAULTS: Mapping[str, Callable[[Answers], Answers]] = {
    "output missing": _each(lambda sample: _without(sample, "features")),
    "output missing in one sample": lambda answers: [*answers[:-1], _without(answers[-1], "heat")],
    "output too many": _each(lambda sample: {**sample, "debug": sample["heat"]}),
    "output renamed": _each(
        lambda sample: {**_without(sample, "heat"), "heat:0": sample["heat"]},
    ),
    "two outputs exchanged": _exchange("logits", "probs"),
    "softmax missing": _with("probs", np.log),
    "sample missing": lambda answers: answers[:-1],
    "nothing at all": lambda _: [],
    "empty": _with("heat", lambda heat: heat[:0]),
    "delayed by one call": lambda answers: [answers[0], *answers[:-1]],
    "first answer for all": _first_for_all,
    "samples in another order": lambda answers: answers[::-1],
    "constant": _with("heat", lambda heat: np.full_like(heat, 0.3)),
    "all zero": _with("features", np.zeros_like),
    "NaN in one element": _in_one_sample("heat", 2, np.nan),
    "infinity in one element": _in_one_sample("logits", 1, np.inf),
    "one element zero": _in_one_sample("logits", 3, 0.0),
    "one class of four": lambda answers: [
        {**sample, "best": sample["best"] + (i == 2)} for i, sample in enumerate(answers)
    ],
    "height and width exchanged": _with("heat", lambda heat: heat.transpose(0, 2, 1, 3)),
    "channels first": _with("heat", lambda heat: heat.transpose(0, 3, 1, 2)),
    "channels first in Keras' shape": _with("heat", lambda heat: _poured(heat, (0, 3, 1, 2))),
    "transposed in Keras' shape": _with("heat", lambda heat: _poured(heat, (0, 2, 1, 3))),
    "channels reversed": _with("heat", lambda heat: heat[..., ::-1]),
    "shifted by a pixel": _with("heat", lambda heat: np.roll(heat, 1, axis=1)),
    "batch dimension dropped": _with("features", lambda features: features[0]),
    "flattened": _with("heat", lambda heat: heat.reshape(1, -1)),
    "one value to be broadcast": _with("heat", lambda heat: heat[:, :1, :1]),
    "half precision": _with("features", _half),
    "half precision probabilities": _with("probs", _half),
    "float64": _with("features", lambda features: features.astype(np.float64)),
    "labels shifted by one": _with("best", lambda best: best + 1),
    "classes as floats": _with("best", lambda best: best.astype(np.float32)),
    "softmax over the wrong axis": _with("probs", np.ones_like),
    "probabilities sharpened": _with("probs", lambda p: p**1.001 / (p**1.001).sum()),
}
