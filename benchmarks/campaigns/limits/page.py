"""docs/performance_limits.md, from measurements."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from keras2cv_bench.records import Host
from keras2cv_export.pages.templating import render

from .chains import WHO, Chain
from .profiles import KINDS, Times

Throughputs = Sequence[tuple[Chain, Mapping[str, float]]]
Profiles = Mapping[str, tuple[Times, Times]]


def text_of(host: Host, threads: int, throughputs: Throughputs, profiles: Profiles) -> str:
    """Return the page.

    Args:
        host: The machine that was measured.
        threads: The threads that every engine used.
        throughputs: Chains of layers, each with the GFLOP/s of everybody who ran it.
        profiles: Model -> milliseconds by kind of layer, ours and onnxruntime's.
    """
    return render(
        __package__,
        "performance_limits.md.jinja",
        host=host,
        threads=threads,
        who=list(WHO),
        chains=[_chain_row(chain, found) for chain, found in throughputs],
        models={name: list(_layer_rows(*times)) for name, times in profiles.items()},
    )


def _chain_row(chain: Chain, found: Mapping[str, float]) -> tuple[str, ...]:
    cells = (f"{found[who]:.0f}" if who in found else "-" for who in WHO)
    side = f"{chain.side}x{chain.side}"
    return (chain.name, f"{chain.shape[1]} -> {chain.channels}", side, *cells)


def _layer_rows(ours: Times, theirs: Times) -> Iterator[tuple[str, ...]]:
    for kind in KINDS:
        pair = ours.get(kind, 0.0), theirs.get(kind, 0.0)
        if max(pair) >= 0.05:
            ratio = f"{pair[0] / pair[1]:.2f}" if all(pair) else "-"
            yield (kind, *(f"{time:.2f}" for time in pair), ratio)
    total = sum(ours.values()), sum(theirs.values())
    yield ("all", f"{total[0]:.2f}", f"{total[1]:.2f}", f"{total[0] / total[1]:.2f}")
