"""The measurements of a small made-up checkout, counted by hand."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from textwrap import dedent

import pytest

from campaigns.house.__main__ import main
from campaigns.house.graph import circles, count_arrows, floors, module_graph, room_graph
from campaigns.house.lines import Lines, read_source
from campaigns.house.measuring import Spread, measure_house
from campaigns.house.touched import count_by_part, touched_files
from campaigns.house.words import count_words

SOURCES = {
    "__init__.py": "from .top import run\n",
    "top.py": """
        from typing import TYPE_CHECKING

        from .middle.joining import join

        if TYPE_CHECKING:
            from .middle import splitting
        """,
    "middle/__init__.py": "",
    "middle/joining.py": "def join():\n    from .splitting import split\n",
    "middle/splitting.py": "from ..ground import BASE\nfrom .joining import join\n",
    "ground.py": "BASE = 1\n",
}


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """Write a checkout whose runtime has one room and one circle."""
    for file, source in SOURCES.items():
        path = tmp_path / "runtime" / "keras2cv" / file
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(dedent(source))
    (tmp_path / "docs").mkdir()
    (tmp_path / "docs" / "page.md").write_text("one\ntwo\n")
    return tmp_path


def test_arrows_count_lazy_imports_and_not_those_for_types(checkout: Path) -> None:
    """A function's import is an arrow; one under TYPE_CHECKING is none."""
    graph = module_graph("keras2cv", checkout / "runtime" / "keras2cv")
    assert graph["keras2cv.middle.joining"] == {"keras2cv.middle.splitting"}
    assert graph["keras2cv.top"] == {"keras2cv.middle.joining"}
    assert graph["keras2cv.middle.splitting"] == {"keras2cv.ground", "keras2cv.middle.joining"}
    assert count_arrows(graph) == 5


def test_a_circle_is_found_and_counts_as_one_floor(checkout: Path) -> None:
    """`__init__`, top, the circle and ground each stand on the next."""
    graph = module_graph("keras2cv", checkout / "runtime" / "keras2cv")
    assert circles(graph) == [["keras2cv.middle.joining", "keras2cv.middle.splitting"]]
    assert floors(graph) == 4


def test_rooms_are_the_first_folders_and_the_modules_at_the_top(checkout: Path) -> None:
    """An import within a room is no arrow between rooms."""
    rooms = room_graph(module_graph("keras2cv", checkout / "runtime" / "keras2cv"))
    assert rooms == {"__init__": {"top"}, "top": {"middle"}, "middle": {"ground"}, "ground": set()}
    assert circles(rooms) == []


def test_each_line_is_of_one_kind(tmp_path: Path) -> None:
    """A comment behind code leaves the line code."""
    path = tmp_path / "module.py"
    path.write_text(
        '"""What is said.\n\nMore."""\n\n# A comment.\ndef f():\n'
        '    """Short."""\n    return "# no comment"  # said here\n'
    )
    source = read_source(path)
    assert source.lines == Lines(code=2, docstring=4, comment=1, blank=1)
    assert source.lines.total == 8
    assert source.function_lengths == (3,)
    assert source.docstrings == ("What is said.\n\nMore.", "Short.")
    assert source.comments == ("A comment.", "said here")


def test_words_are_counted_whole_and_in_any_case() -> None:
    """`whatever` is another word."""
    words = count_words(["What he said, whatever", "it says"])
    assert words.total == 6
    assert words.per_thousand == {"what": 166.67, "said": 166.67, "told": 0.0, "say|tell": 333.33}


def test_a_spread_is_of_the_sorted_lengths() -> None:
    """The order in which files are read does not matter."""
    assert Spread.of(reversed(range(1, 101))) == Spread(100, 51, 91, 100, 100)
    assert Spread.of([]) == Spread(0, 0, 0, 0, 0)


def test_the_command_prints_a_table_and_writes_the_same_figures(
    checkout: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The file holds all numbers of the table."""
    (checkout / "tests").mkdir()
    assert main([str(checkout), "--json", str(tmp_path / "house.json")]) == 0
    printed = capsys.readouterr().out
    assert "circle of 2 modules in keras2cv" in printed
    found = json.loads((tmp_path / "house.json").read_text())
    assert found["packages"]["keras2cv"]["folders"] == {".": 3, "middle": 3}
    assert found["packages"]["keras2cv"]["rooms"]["floors"] == 4
    assert found["parts"]["docs"]["text_lines"] == 2


def test_a_folder_that_is_no_checkout_is_refused(tmp_path: Path) -> None:
    """An empty table would look like a small house."""
    with pytest.raises(FileNotFoundError, match="holds none of"):
        measure_house(tmp_path)


def test_touched_files_are_counted_by_part(checkout: Path) -> None:
    """A moved file counts where it was and where it is."""
    _git(checkout, "init", "-q")
    _commit(checkout, "first")
    (checkout / "tests").mkdir()
    (checkout / "tests" / "test_top.py").write_text("")
    (checkout / "docs" / "page.md").write_text("one\n")
    (checkout / "runtime" / "keras2cv" / "line.hpp").write_text("// a template\n")
    runtime = checkout / "runtime" / "keras2cv"
    (runtime / "ground.py").rename(runtime / "floor.py")
    _commit(checkout, "second")
    touched = touched_files(checkout, "HEAD~1..HEAD")
    assert count_by_part(touched) == {"docs": 1, "source": 2, "templates": 1, "tests": 1}


def test_an_unknown_commit_is_refused(checkout: Path) -> None:
    """No file touched would be a wrong answer."""
    _git(checkout, "init", "-q")
    with pytest.raises(ValueError, match=r"git cannot compare 'a\.\.b'"):
        touched_files(checkout, "a..b")


def _commit(folder: Path, message: str) -> None:
    _git(folder, "add", "-A")
    who = ("-c", "user.name=n", "-c", "user.email=n@localhost")
    _git(folder, *who, "commit", "-q", "--no-gpg-sign", "-m", message)


def _git(folder: Path, *arguments: str) -> None:
    subprocess.run(["git", "-C", str(folder), *arguments], check=True)  # noqa: S607
