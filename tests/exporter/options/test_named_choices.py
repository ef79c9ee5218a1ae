"""`--preprocess`: one for all pictures, or NAME=P for each, however it is typed."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from keras2cv.cli.parser import make_parser
from keras2cv.errors import UsageError
from keras2cv_export.options.named_choices import preprocess_option

EACH = {"left": "caffe", "right": "r.json"}


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ([], None),
        (["--preprocess", "tf"], "tf"),
        (["--preprocess", "left=caffe", "right=r.json"], EACH),
        (["--preprocess", "left=caffe", "--preprocess", "right=r.json"], EACH),
        (["--preprocess", "left=caffe,right=r.json"], EACH),
        (["--preprocess=left=caffe", "--preprocess=right=r.json"], EACH),
    ],
)
@pytest.mark.parametrize("model_first", [True, False])
def test_every_spelling_is_understood(words: list[str], expected: Any, model_first: bool) -> None:
    """With the model before or behind it."""
    line = ["m.keras", *words] if model_first else [*words, "m.keras"]
    args = make_parser(["export"]).parse_args(["export", *line, "-o", "m.cv"])
    assert preprocess_option(args.preprocess) == expected
    assert args.model == Path("m.keras")


@pytest.mark.parametrize("given", [["tf", "caffe"], ["tf", "left=caffe"], ["a=tf", "a=caffe"]])
def test_what_contradicts_itself_is_refused(given: list[str]) -> None:
    """Two for one picture."""
    with pytest.raises(UsageError, match="Give one for all images, or NAME=P once for each"):
        preprocess_option(given)


def test_a_file_may_have_an_equals_sign(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A file that is there is one."""
    monkeypatch.chdir(tmp_path)
    Path("a=b.json").write_text("{}", encoding="utf-8")
    assert preprocess_option(["a=b.json"]) == "a=b.json"
    assert preprocess_option(["day=1/b.json"]) == {"day": "1/b.json"}
