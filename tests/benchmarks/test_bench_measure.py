"""Measuring through processes: their order, and the handling of lost ones."""

from __future__ import annotations

import json
import os
import signal
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from keras2cv.errors import UsageError, VerdictError
from keras2cv_bench import child, subjects
from keras2cv_bench.answers import judge
from keras2cv_bench.environment import Watch, usable_cores
from keras2cv_bench.inputs import read_samples, write_samples
from keras2cv_bench.measure import Crew, measure
from keras2cv_bench.pipeline import Job, Pipeline
from keras2cv_bench.process import Child, Lost
from keras2cv_bench.records import Answers, Missing, Timing
from support.tiny_bundle import Classifier


class Fake:
    """A process that records its commands, and is lost when it should be."""

    pid = 0

    def __init__(self, name: str, log: list[str], lost_at: str = "", reply: float = 5.0) -> None:
        self.name, self.log, self.lost_at, self.reply = name, log, lost_at, reply
        self.asked: list[str] = []

    def started(self) -> float:
        """Return its import time."""
        return self._do("start", 700.0)  # type: ignore[no-any-return]

    def ask(self, do: str, **_: Any) -> dict[str, Any]:
        """Answer a command."""
        stages = {"preprocessing_ms": [0.1] * 3, "postprocessing_ms": [0.1] * 3}
        replies = {
            "load": {"about": f"{self.name} 1.0", "load_ms": 30.0, "first_ms": 9.0},
            "warm_up": {"runs": 50},
            "block": {**stages, "forward_ms": [self.reply] * 3, "cores": 1.8},
        }
        return self._do(do, replies[do])  # type: ignore[no-any-return]

    def close(self) -> dict[str, Any]:
        """Return the last answer."""
        return self._do("close", {"peak_mb": 99.0})  # type: ignore[no-any-return]

    def _do(self, command: str, reply: Any) -> Any:
        self.log.append(f"{command} {self.name}")
        self.asked.append(command)
        word, _, times = self.lost_at.partition(" ")
        if command == word and self.asked.count(command) >= int(times or 1):
            raise Lost(f"crashed while {command}")
        return reply


def run(
    names: str, lost: dict[str, str] | None = None, **options: Any
) -> tuple[tuple[Timing, ...], list[str], list[Missing]]:
    """Measure fakes; return timings, the recorded commands, and the missing ones."""
    log: list[str] = []
    processes: dict[str, Any] = {n: Fake(n, log, (lost or {}).get(n, "")) for n in names}
    crew = Crew(processes, 4, [])
    found = measure(
        crew,
        lambda crew: {name: Answers("same") for name in crew.processes},
        seconds=1.0,
        rounds=4,
        **options,
    )
    return found.timings, log, crew.missing


def test_all_start_load_and_warm_up_one_after_the_other_and_then_take_turns() -> None:
    """A B B A, and no process works while another loads."""
    timings, log, missing = run("AB")
    steps = ["start A", "start B", "load A", "load B", "warm_up A", "warm_up B"]
    assert log[:6] == steps
    assert [x.split()[1] for x in log[6:14]] == list("ABBAABBA")
    assert log[14:] == ["close A", "close B"]
    assert missing == []
    assert [t.subject for t in timings] == ["A", "B"]
    first = timings[0]
    assert (first.load_ms, first.first_ms, first.peak_mb, first.batch) == (30.0, 9.0, 99.0, 4)
    assert len(first.blocks) == 4


@pytest.mark.parametrize("at", ["start", "load", "warm_up", "block", "block 3", "close"])
def test_a_subject_that_is_lost_is_reported_and_the_others_go_on(at: str) -> None:
    """At any step; a half measured subject has no timing."""
    timings, _, missing = run("ABC", {"B": at})
    assert [t.subject for t in timings] == ["A", "C"]
    assert all(len(t.blocks) == 4 for t in timings)
    assert missing == [Missing("B", f"crashed while {at.split(maxsplit=1)[0]}", 4)]


def test_nothing_is_measured_without_those_that_matter() -> None:
    """The bundle and the reference; the error gives the reason."""
    with pytest.raises(VerdictError, match=r"A does not run, .* crashed while load"):
        run("AB", {"A": "load"}, needed=("A",))


def test_progress_is_reported() -> None:
    """The step, and how much of it is done."""
    said: list[tuple[str, int, int]] = []
    run("AB", progress=lambda *what: said.append(what))
    assert ("loading A", 0, 0) in said
    assert ("timing, in turns", 8, 8) in said


class Echo:
    """A pipeline whose every stage notes that it ran."""

    def __init__(self) -> None:
        self.log: list[str] = []

    def pipeline(self, _: Job) -> Pipeline:
        """Open it."""
        return Pipeline("echo 1.0", self._prepare, self._forward, self._finish)

    def _prepare(self, sample: Any) -> Any:
        self.log.append("prepare")
        return [2 * sample[0]]

    def _forward(self, ready: Any) -> list[Any]:
        self.log.append("forward")
        return [ready[0] + 1]

    def _finish(self, *_: Any) -> None:
        self.log.append("finish")


@pytest.fixture
def job(tmp_path: Path) -> Job:
    """A job with three samples of one array each."""
    samples = [[np.full((2, 3), i, np.float32)] for i in range(3)]
    write_samples(tmp_path / "in.npz", samples)
    return Job("echo", tmp_path, tmp_path, tmp_path / "in.npz", 2, 1)


def test_a_child_answers_command_by_command(job: Job, tmp_path: Path) -> None:
    """Load, answers, warm-up, blocks, and its memory at the end."""
    echo = Echo()
    commands: list[dict[str, Any]] = [
        {"do": "load"},
        {"do": "answer", "path": str(tmp_path / "a.npz")},
        {"do": "warm_up", "seconds": 0},
        {"do": "block", "seconds": 0},
        {"do": "peak"},
    ]
    replies = child.serve(lambda: (child.Bench(job, echo.pipeline), {"import_ms": 3.0}))
    assert next(replies) == {"import_ms": 3.0}
    loaded, answered, warm, block, end = [replies.send(command) for command in commands]
    assert loaded["about"] == "echo 1.0"
    assert answered == {}
    assert warm == {"runs": child.LEAST_WARM_UP}
    assert len(block["forward_ms"]) == child.LEAST_KEPT + 1
    assert end["peak_mb"] is None or end["peak_mb"] > 10
    with np.load(tmp_path / "a.npz") as found:
        assert sorted(found) == [f"out/{i}/0" for i in range(3)]
        assert (found["out/2/0"] == 5).all()
    assert echo.log[-3:] == ["prepare", "forward", "finish"]


def test_a_job_and_its_samples_survive_their_files(job: Job) -> None:
    """A child receives nothing else."""
    assert Job.from_dict(json.loads(json.dumps(job.to_dict()))) == job
    samples = read_samples(job.inputs)
    assert [float(s[0][0, 0]) for s in samples] == [0, 1, 2]


def test_a_real_process_that_cannot_do_its_job_gives_the_reason(job: Job) -> None:
    """An error of its own is its answer; nothing is left running."""
    with Child(job) as process, pytest.raises(Lost, match="No module named"):
        process.started()
    with pytest.raises(ProcessLookupError):
        os.kill(process.pid, 0)


def test_a_real_process_that_ends_without_a_word_is_reported(job: Job) -> None:
    """As a segmentation fault in cv2 would be."""
    with Child(job) as process:
        os.kill(process.pid, signal.SIGKILL)
        with pytest.raises(Lost, match=r"crashed .SIGKILL|No module named"):
            process.started()


def test_peers_are_chosen_by_name_and_by_what_is_installed() -> None:
    """The bundle and tf.function always run; a missing peer is named with its package."""
    found, absent = subjects.choose(["ort", "openvino"], lambda module: module == "onnxruntime")
    assert [s.name for s in found] == ["bundle", "tf.function", "onnxruntime"]
    assert [(s.name, why) for s, why in absent] == [
        ("openvino", "not installed: pip install openvino")
    ]
    everyone, _ = subjects.choose(subjects.PEERS, lambda _: True)
    assert len(everyone) == len(subjects.SUBJECTS)
    with pytest.raises(UsageError, match=r"no peer 'torch'. Choose among tf, naive"):
        subjects.choose(["torch"])


def test_answers_are_judged_as_check_judges_them(tmp_path: Path) -> None:
    """Equal, different and uninformative answers; cv2 may add a dimension of 1."""
    from keras2cv.bundle.reading import read_manifest

    manifest = read_manifest(Classifier().write(tmp_path / "cat.cv"))
    name, shape = manifest.outputs[0].name, manifest.outputs[0].keras_shape
    rng = np.random.default_rng(0)
    scores = [rng.dirichlet(np.ones(shape[-1]), shape[:-1]).astype(np.float32) for _ in range(4)]
    expected = [{name: s} for s in scores]
    assert judge(expected, expected, manifest).verdict == "same"
    assert judge(expected, [{name: s[..., None]} for s in scores], manifest).verdict == "same"
    wrong = judge(expected, [{name: s[..., ::-1]} for s in scores], manifest)
    assert wrong.verdict == "different"
    assert wrong.reason
    assert judge(expected, [{} for _ in scores], manifest).verdict == "different"
    constant = [{name: scores[0]}] * 4
    assert judge(constant, constant, manifest).verdict == "unclear"


def test_the_machine_is_watched() -> None:
    """The cores of other processes are not negative, and this process has a core."""
    assert usable_cores() >= 1
    others = Watch().others()
    assert others is None or others >= 0
