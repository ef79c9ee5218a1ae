"""The page's parts, each from its part of the record: HTML out, nothing else."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import escape
from typing import Any

from . import charts
from .pictures import Row

Record = Mapping[str, Any]


def head(record: Record) -> str:
    """Say the verdict, and why."""
    verdict, name = record["verdict"], _last(record["bundle"])
    sentences = {
        "pass": "predicts in OpenCV what the Keras model predicts in TensorFlow.",
        "fail": "does not predict in OpenCV what the Keras model predicts in TensorFlow.",
        "inconclusive": "cannot be told right from wrong by these samples.",
    }
    where = record["stages_at_fault"]
    found = f"<p>It differs in: <b>{escape(', '.join(where))}</b>.</p>" if where else ""
    return (
        f'<section class="card head {verdict}"><h1>{escape(name)} '
        f'<span class="badge">{verdict}</span></h1>'
        f"<p>It {sentences[verdict]}</p>{found}{_list(record['reasons'])}"
        f'<p class="soft">against {escape(str(record["model"]))} · task {record["task"]} · '
        f"{record['parity']['samples']} samples · tolerance "
        f"{escape(record['parity']['tolerance'])} · {record['seconds']:.1f} s</p>"
        f"{_list(record['notes'])}</section>"
    )


def net(record: Record) -> str:
    """Show each engine's outputs: numbers, errors, and one side over the other."""
    return "".join(
        f'<section class="card {parity["verdict"]}"><h2>The net on the {escape(engine)} engine: '
        f'<span class="word">{parity["verdict"]}</span></h2>'
        '<p class="soft">Both sides are given the same input; the limit is of the largest value '
        "that TensorFlow gives.</p>"
        f"{_outputs_table(parity['outputs'])}"
        + "".join(
            _output_charts(output, record["values"][engine].get(output["name"]))
            for output in parity["outputs"]
        )
        + "</section>"
        for engine, parity in record["engines"].items()
    )


def _outputs_table(outputs: Sequence[Record]) -> str:
    rows = "".join(_output_rows(output) for output in outputs)
    return (
        '<div class="scroll"><table><tr><th>output</th><th>verdict</th><th>metric</th>'
        '<th class="r">measured</th><th class="r">limit</th><th class="r">top-1</th></tr>'
        f"{rows}</table></div>"
    )


def _output_rows(output: Record) -> str:
    """Give a row per check; the first says whose they are."""
    top1, verdict = output.get("top1"), output["verdict"]
    leads = [
        f"<b>{escape(output['name'])}</b>",
        f'<span class="word">{verdict}</span>',
        _percent(top1["agreement"]) if top1 else "",
    ]
    rows = []
    for check in output["checks"] or [{"metric": "-", "measured": None, "limit": None}]:
        rows.append(
            f'<tr><td>{leads[0]}</td><td class="{verdict}">{leads[1]}</td>'
            f"<td>{escape(check['metric'])}</td>"
            f'<td class="r num">{_number(check["measured"])}</td>'
            f'<td class="r num">{_number(check["limit"])}</td>'
            f'<td class="r num">{leads[2]}</td></tr>'
        )
        leads = ["", "", ""]
    return "".join(rows)


def _output_charts(output: Record, values: Record | None) -> str:
    if values is None:
        return ""
    limit = next((c["limit"] for c in output["checks"] if c["metric"] == "max_abs/max_ref"), None)
    worst = output.get("worst")
    told = ""
    if worst is not None and output["verdict"] == "fail":
        told = (
            f'<p class="num">Worst: sample {worst["sample"]} at {worst["index"]}: '
            f"{worst['candidate']} in OpenCV, {worst['reference']} in TensorFlow.</p>"
        )
    shape = "x".join(map(str, values["shape"]))
    return (
        f'<h3>{escape(output["name"])} <span class="soft">{shape}, {values["samples"]} samples'
        f'</span></h3>{told}<div class="grid">'
        f"{charts.histogram(values['errors'], limit, output['name'])}"
        f"{charts.scatter(values, limit, output['name'])}</div>"
    )


def whole_way(record: Record, rows: Sequence[Row]) -> str:
    """Show the stages of the pictures' way, and the pictures."""
    found = record["end_to_end"]
    if found is None:
        return ""
    kind = "drawn pictures" if found["drawn"] else "pictures"
    agreement = found["agreement"]
    numbers = ", ".join(
        f"{escape(k.replace('_', ' '))} {_number(v)}" for k, v in agreement["numbers"].items()
    )
    return (
        f'<section class="card {found["verdict"]}"><h2>From file to answer: '
        f'<span class="word">{found["verdict"]}</span></h2>'
        f'<p class="soft">{len(found["pictures"])} {kind} through both whole pipelines. '
        f"Reference: {escape(found['reference'])}.</p>"
        f"{charts.shares(found['stages'])}{_stages_table(found['stages'])}"
        f"<p>{agreement['same']} of {agreement['samples']} answers are the same"
        f"{f' ({numbers})' if numbers else ''}.</p>"
        f"{_classes(agreement['per_class_iou'])}{_list(found['advice'])}"
        + "".join(_picture(row) for row in rows)
        + "</section>"
    )


def _stages_table(stages: Sequence[Record]) -> str:
    rows = "".join(
        f'<tr><td><span class="key" style="background:var(--s{index})"></span>{stage["name"]}</td>'
        f'<td class="{_tone(stage)}"><span class="word">{_verdict(stage)}</span></td>'
        f'<td class="r num">{_number(stage["largest"])}</td>'
        f'<td class="r num">{_number(stage["mean"])}</td>'
        f'<td class="r num">{_number(stage["limit"]["largest"])}</td>'
        f'<td class="r num">{_percent(stage["share"])}</td><td>{escape(stage["unit"])}</td></tr>'
        for index, stage in enumerate(stages)
    )
    return (
        '<div class="scroll"><table><tr><th>stage</th><th></th><th class="r">largest</th>'
        '<th class="r">mean</th><th class="r">limit</th><th class="r">share</th><th>unit</th></tr>'
        f"{rows}</table></div>"
    )


def _verdict(stage: Record) -> str:
    if stage["passed"]:
        return "within"
    return "excused" if stage["excused"] else "beyond"


def _tone(stage: Record) -> str:
    return {"within": "pass", "excused": "inconclusive", "beyond": "fail"}[_verdict(stage)]


def _classes(per_class: Record) -> str:
    if not per_class:
        return ""
    rows = "".join(
        f'<tr><td>{escape(name)}</td><td class="r num">{value:.6f}</td></tr>'
        for name, value in per_class.items()
    )
    return (
        '<div class="scroll"><table><tr><th>class</th><th class="r">intersection over union</th>'
        f"</tr>{rows}</table></div>"
    )


def _picture(row: Row) -> str:
    views = "".join(
        f'<figure><img alt="{escape(caption, quote=True)}" src="{uri}">'
        f"<figcaption>{escape(caption)}</figcaption></figure>"
        for caption, uri in row.views
    )
    return f'<h3>{escape(row.name)}</h3><div class="views">{views}</div>'


def by_layer(record: Record) -> str:
    """Show each layer's error, where `--bisect` looked."""
    found = record.get("bisect")
    if not found:
        return ""
    first = found.get("first")
    name = first["found"]["key"] if first else None
    said = (
        f"<p>The first layer that differs is <b>{escape(str(name))}</b>: "
        f"{escape(found.get('reason', ''))}</p>"
        if first
        else "<p>No layer differs by more than its limit.</p>"
    )
    return (
        f'<section class="card {"fail" if first else "pass"}"><h2>Layer by layer</h2>{said}'
        f"{charts.layers(found['layers'], float(found['limit']), name)}</section>"
    )


def speed(record: Record) -> str:
    """Show how long both sides take."""
    found = record["speed"]
    if found is None:
        return ""
    return (
        f'<section class="card {found["verdict"]}"><h2>Speed: <span class="num">'
        f"{found['ratio']:.2f}</span> times TensorFlow's time</h2>"
        f"{charts.durations(found['nanoseconds'], found['median_ms'])}"
        f'<p class="soft">{escape(found["line"])}</p></section>'
    )


def foot(record: Record) -> str:
    """Say what it was found with."""
    versions = " · ".join(f"{escape(k)} {escape(v)}" for k, v in record["versions"].items())
    host = record["host"]
    return (
        f"<footer>{versions}<br>{escape(host['system'])} {escape(host['machine'])}, "
        f"{host['cpus']} CPUs · every number is in this page as JSON, under the id record"
        "</footer>"
    )


def _last(path: str) -> str:
    return path.replace("\\", "/").rstrip("/").rpartition("/")[2]


def _list(sentences: Sequence[str]) -> str:
    if not sentences:
        return ""
    items = "".join(f"<li>{escape(sentence)}</li>" for sentence in sentences)
    return f'<ul class="reasons">{items}</ul>'


def _number(value: Any) -> str:
    if value is None:
        return "-"
    if isinstance(value, str):
        return escape(value)
    return f"{value:.3g}" if value else "0"


def _percent(value: float) -> str:
    return f"{100 * value:.1f} %"
