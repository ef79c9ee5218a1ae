"""How far OpenCV may be from TensorFlow: the presets, and `--tolerance` read into numbers.

Every limit on floating-point outputs is relative to the scale of the output it judges: the largest
absolute value TensorFlow gave for it over all samples. TensorFlow is the oracle, so the scale never
comes from the candidate (`numpy.allclose(a, b)` scales with `b`, a well-known trap).
"""

from __future__ import annotations

import math
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field, replace
from types import MappingProxyType

from keras2cv.errors import UsageError

_HALF_NORMAL_SPREAD = math.sqrt(math.pi / 2 - 1)  # std / mean of |x|, x normal: 0.756
_CONFIDENCE = 3.0  # standard deviations
_WEIGHTS = "-weights"


@dataclass(frozen=True)
class Limits:
    """The limits of one output.

    Attributes:
        max_abs: Largest |candidate - reference| of any element, in units of max |reference|.
        mean_abs: Mean of |candidate - reference| over many elements, in units of max |reference|.
        differing: Share of integer or boolean elements that may differ, 0..1.
        roundoff: Unit roundoff of the arithmetic judged: 2**-24 for float32, 2**-11 for float16.
        smallest: Probabilities below this are too imprecise to take the logarithm of.
        by_column: Whether columns of other sizes are judged by scales of their own (columns.py).
            Not where roughly stored weights are allowed for: their errors are of the layer's size.
    """

    max_abs: float
    mean_abs: float
    differing: float = 0.0
    roundoff: float = 2.0**-24
    smallest: float = 1e-30
    by_column: bool = True

    def __post_init__(self) -> None:
        for name in ("max_abs", "mean_abs", "differing"):
            value = getattr(self, name)
            if not 0.0 <= value <= 1.0:
                raise UsageError(f"The limit {name} is {value}. Give a number from 0 to 1.")

    def mean_abs_over(self, count: int) -> float:
        """Return the limit on the mean over `count` elements, in units of max |reference|.

        The mean over few elements is an uncertain estimate: for normal errors its standard
        deviation is 0.756 / sqrt(count) of the mean itself. Three of those are allowed on top, up
        to the limit on a single element. For 1000 elements that adds 7 %; a single probability
        over four samples gets 2.1 times the limit.
        """
        slack = 1.0 + _CONFIDENCE * _HALF_NORMAL_SPREAD / math.sqrt(count)
        return min(self.mean_abs * slack, max(self.max_abs, self.mean_abs))


PRESETS: Mapping[str, Limits] = MappingProxyType(
    {
        # Polygraphy's default, rtol = atol = 1e-5, which is also where Hugging Face Optimum starts:
        # two float32 engines without Winograd reach it on small and medium nets.
        "strict": Limits(max_abs=1e-5, mean_abs=2.5e-6),
        # max: OpenCV's own bar (normAssert in modules/dnn/test/test_common.hpp, Linf 1e-4), made
        # relative to the reference's range. mean: a quarter of it, the ratio of mean to maximum
        # of 1000 normal errors (0.80 / 3.24 standard deviations). OpenCV's L1 of 1e-5 would be
        # the tighter of the two, and its own Winograd convolutions break it: at a max of 8e-5
        # (InceptionV3, Xception) the mean is near 2e-5.
        "fp32": Limits(max_abs=1e-4, mean_abs=2.5e-5),
        # normAssert's defaults for OpenCV's half-precision targets: Linf 2e-2, L1 4e-3.
        # Below 2**-14 half precision is denormal: such probabilities have lost their digits.
        "fp16": Limits(
            max_abs=2e-2, mean_abs=4e-3, roundoff=2.0**-11, smallest=2.0**-14, by_column=False
        ),
        # float32 arithmetic on kernels that were rounded to 11 bits, or to 255 steps a channel.
        # The worst of 16 networks with calibrated random weights (InceptionV3, docs/weights.md)
        # is off by 1.8e-3 and 5.2e-2, on average by 3.4e-4 and 1.1e-2: random kernels are the
        # hardest to store, as all of their numbers matter alike. Half as much again is allowed,
        # rounded up; means are a quarter, as for fp32.
        "fp16-weights": Limits(max_abs=3e-3, mean_abs=7.5e-4, by_column=False),
        "int8-weights": Limits(max_abs=8e-2, mean_abs=2e-2, by_column=False),
    }
)


@dataclass(frozen=True)
class Tolerance:
    """A preset, and a limit of their own for some outputs.

    Attributes:
        preset: A key of `PRESETS`.
        overrides: Output name -> VALUE: the limit on the largest error in units of max |reference|,
            or, for integer and boolean outputs, the share of elements that may differ.
    """

    preset: str = "fp32"
    overrides: Mapping[str, float] = field(default_factory=lambda: MappingProxyType({}))

    def __post_init__(self) -> None:
        if self.preset not in PRESETS:
            known = ", ".join(PRESETS)
            raise UsageError(f"No tolerance is called {self.preset!r}. Choose one of {known}.")
        object.__setattr__(self, "overrides", MappingProxyType(dict(self.overrides)))

    def limits(self, output: str) -> Limits:
        """Return the limits of one output; an override keeps the preset's ratio of mean to max."""
        preset = PRESETS[self.preset]
        if output not in self.overrides:
            return preset
        value = self.overrides[output]
        mean_abs = value * preset.mean_abs / preset.max_abs
        return replace(preset, max_abs=value, mean_abs=mean_abs, differing=value)

    @property
    def arithmetic(self) -> Limits:
        """The preset for everything that does not depend on how roughly weights are stored."""
        return PRESETS["fp32" if self.preset.endswith(_WEIGHTS) else self.preset]

    def steadiness(self, output: str) -> float:
        """Return how far two runs of one side may differ, in units of max |reference|."""
        own = self.limits(output).max_abs
        return min(own, self.arithmetic.max_abs) if self.preset.endswith(_WEIGHTS) else own

    def require_outputs(self, names: Collection[str]) -> None:
        """Refuse an override for an output that is not in `names`.

        Raises:
            UsageError: There is such an override.
        """
        unknown = sorted(set(self.overrides) - set(names))
        if unknown:
            raise UsageError(
                f"The tolerance names the output {unknown[0]!r}, and there is none of that name. "
                f"The outputs are: {', '.join(map(repr, sorted(names)))}."
            )

    def __str__(self) -> str:
        """Write as `--tolerance` takes it: `fp32 logits:0.001`."""
        return " ".join([self.preset, *(f"{k}:{v:g}" for k, v in self.overrides.items())])


def preset_of(weights: str) -> str:
    """Return the preset for a file that stores its weights as fp32, fp16 or int8."""
    return weights if weights == "fp32" else f"{weights}{_WEIGHTS}"


def parted(spec: str | Iterable[str] | None, weights: str) -> tuple[Tolerance, Tolerance]:
    """Read `--tolerance` of an export: for the graph in float32, and for the file as it is stored.

    A preset for stored weights, and the values given beside it, apply to the file; all others apply
    to the graph.

    Raises:
        UsageError: as `parse_tolerance`.
    """
    parsed = parse_tolerance("fp32" if spec is None else spec)
    if parsed.preset.endswith(_WEIGHTS):
        return Tolerance(), parsed
    return parsed, parsed if weights == "fp32" else Tolerance(preset_of(weights))


def parse_tolerance(spec: str | Iterable[str] | Tolerance) -> Tolerance:
    """Read `--tolerance`: at most one preset, and any number of OUTPUT:VALUE.

    Args:
        spec: "fp16", "logits:1e-3", or several of them as a list. An output's name may itself hold
            colons: the last one divides. A `Tolerance` is returned unchanged.

    Returns:
        The tolerance; its preset is "fp32" where `spec` names none.

    Raises:
        UsageError: an unknown preset, two presets, an output twice, or a VALUE outside 0..1.
    """
    if isinstance(spec, Tolerance):
        return spec
    words = [spec] if isinstance(spec, str) else list(spec)
    if other := [word for word in words if not isinstance(word, str)]:
        raise UsageError(f"A tolerance is text such as logits:1e-3, got {other[0]!r}. Write it so.")
    presets = [word for word in words if ":" not in word]
    if len(presets) > 1:
        raise UsageError(f"Two tolerance presets are given, {presets}. Keep one of them.")
    pairs = [_read_override(word) for word in words if ":" in word]
    if len(dict(pairs)) < len(pairs):
        raise UsageError(f"The tolerance of one output is given twice in {words}. Give it once.")
    return Tolerance(presets[0] if presets else "fp32", dict(pairs))


def _read_override(word: str) -> tuple[str, float]:
    name, _, text = word.rpartition(":")
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not name or not 0.0 <= value <= 1.0:
        raise UsageError(
            f"The tolerance {word!r} is not OUTPUT:VALUE with a VALUE from 0 to 1. "
            "Write for example logits:1e-3."
        )
    return name, value
