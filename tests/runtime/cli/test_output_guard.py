"""No output replaces an input, a file of a bundle or a file of another kind."""

from __future__ import annotations

from argparse import Namespace
from pathlib import Path

import pytest

from keras2cv.cli import main
from keras2cv.cli.output_guard import check_outputs
from keras2cv.errors import UsageError

PNG = b"\x89PNG\r\n\x1a\n" + bytes(50)


@pytest.mark.parametrize("content", [PNG, b"PK\3\4", b"a,b\n1,2\n", b"\x89HDF\r\n", b"<html>"])
@pytest.mark.parametrize("verb", ["run", "selftest", "info"])
def test_a_file_of_another_kind_is_kept(
    cat_cv: Path, tmp_path: Path, verb: str, content: bytes, capsys: pytest.CaptureFixture[str]
) -> None:
    """A forgotten value after `--json` takes the next word for the file to write."""
    photo = tmp_path / "photo.jpg"
    photo.write_bytes(content)
    words = [verb, str(cat_cv), "--json", str(photo), *(["other.jpg"] if verb == "run" else [])]
    if verb == "info":  # it has no --json: the parser's own refusal
        with pytest.raises(SystemExit):
            main(words)
    else:
        assert main(words) == 2
        assert "holds something other than JSON" in capsys.readouterr().err
    assert photo.read_bytes() == content


@pytest.mark.parametrize("name", ["manifest.json", "new.json", "model.onnx"])
def test_a_bundle_is_no_place_for_an_output(cat_cv: Path, name: str) -> None:
    """Its manifest is JSON, too."""
    before = {path: path.read_bytes() for path in cat_cv.iterdir()}
    assert main(["selftest", str(cat_cv), "--json", str(cat_cv / name)]) == 2
    assert {path: path.read_bytes() for path in cat_cv.iterdir()} == before


@pytest.mark.parametrize(
    "arguments",
    [
        {"baseline": "FILE"},
        {"sources": ["x", "FILE"]},
        {"sources": ["photo=FILE"]},
        {"labels": Path("FILE")},
        {"against": Path("LINK")},
    ],
)
def test_an_input_is_never_replaced(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, arguments: dict[str, object]
) -> None:
    """By whatever name the command line has for it; a link to it is it."""
    monkeypatch.chdir(tmp_path)
    Path("FILE").write_text("{}", encoding="utf-8")
    Path("LINK").symlink_to("FILE")
    with pytest.raises(UsageError, match="would overwrite what it reads"):
        check_outputs(Namespace(json="FILE", **arguments))


@pytest.mark.parametrize(
    ("option", "content"),
    [
        ("json", b'{"source": "a.jpg", "task": "raw", "outputs": {}}\n'),
        ("json", b'{"source": "a.jpg", "error": "broken"}\n{"source": "b'),
        ("json", b'{"source": "a.jp'),
        ("json", b'{"tool": "keras2cv check", "verdict": "pass"}'),
        ("json", b""),
        ("html", b'<!doctype html>\n<meta name="generator" content="keras2cv">'),
    ],
)
def test_an_earlier_output_may_be_replaced(tmp_path: Path, option: str, content: bytes) -> None:
    """And so may an empty file; a new one is made, and `-` is stdout."""
    earlier = tmp_path / "earlier"
    earlier.write_bytes(content)
    check_outputs(Namespace(**{option: str(earlier)}, sources=["photo.jpg"]))
    check_outputs(Namespace(**{option: str(tmp_path / "new")}))
    check_outputs(Namespace(**{option: "-"}))
    check_outputs(Namespace(**{option: None}))
