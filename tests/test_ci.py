"""The job file of the public CI holds what the README promises, and names files that exist."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parents[1]
JOBS = (ROOT / ".github" / "workflows" / "ci.yml").read_text(encoding="utf-8")


def test_every_python_is_tried_on_every_system() -> None:
    """Those of the package's classifiers; 3.14 for the runtime, as TensorFlow has no wheel."""
    project = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    pythons = re.findall(r'"Programming Language :: Python :: (3\.\d+)"', project)
    assert len(pythons) >= 4
    suite, runtime = (JOBS.partition(f"  {job}:\n")[2] for job in ("suite", "runtime"))
    assert set(re.findall(r'"(3\.\d+)"', suite.partition("\n    env:")[0])) >= set(pythons)
    assert '"3.14"' in runtime
    for system in ("ubuntu", "windows", "macos"):
        assert f"{system}-latest" in suite.partition("  runtime:\n")[0]
        assert f"{system}-latest" in runtime


def test_its_paths_exist() -> None:
    """A renamed file of tests is noticed here, and not on another system only."""
    paths = re.findall(r"tests/[\w/.]+", JOBS)
    assert len(paths) > 10
    assert [path for path in paths if not (ROOT / path).exists()] == []


def test_it_plays_the_opencvs_of_the_suite() -> None:
    """The choices of `--opencv-like` are jobs."""
    conftest = (ROOT / "tests" / "conftest.py").read_text(encoding="utf-8")
    (choices,) = re.findall(r'"--opencv-like", choices=\[(.*?)\]', conftest)
    assert f"like: [{choices.replace(chr(34), '')}]" in JOBS


# What Windows' Python lacks; asking whether it is there, or for the system, is a condition.
POSIX = re.compile(
    r"""os\.(?:fork|mkfifo|mknod|sysconf|get[ep]?[ug]id|[gs]etpgid|killpg|setsid|O_NOFOLLOW)\b
    | signal\.(?:SIG(?:KILL|ALRM|USR[12]|HUP|STOP|CONT|CHLD|PIPE|QUIT)|alarm|setitimer|sig\w+)\b
    | import[ ](?:fcntl|resource|pty|termios|pwd|grp)\b""",
    re.VERBOSE,
)
CONDITION = re.compile(
    r"skip|sys\.platform|os\.name|hasattr\(|importorskip|except \(?AttributeError"
)
TESTS = sorted((ROOT / "tests").rglob("test_*.py"))


def test_windows_can_collect_the_tests_and_skips_what_it_lacks() -> None:
    """A skipped test's decorators are still evaluated there, and so is the module around it."""
    assert [line for path in TESTS for line in posix_lines(path)] == []


def posix_lines(path: Path) -> Iterator[str]:
    """Yield each use of what Windows lacks that is not skipped there, or is looked up before."""
    text = path.read_text(encoding="utf-8")
    if not POSIX.search(text):
        return
    body = ast.parse(text).body
    skipped = any(map(skips_the_module, body))
    for node in body:
        for part in looked_up(node, skipped=skipped):
            kinds = (ast.Attribute, ast.Import)
            code = (ast.unparse(n) for n in ast.walk(part) if isinstance(n, kinds))
            for found in POSIX.finditer("\n".join(code)):
                yield f"{path.relative_to(ROOT)}:{node.lineno}: {found.group()}"


def skips_the_module(node: ast.stmt) -> bool:
    """Return whether it is a `pytestmark` or a call that skips all tests."""
    if isinstance(node, ast.Expr):
        return isinstance(node.value, ast.Call) and bool(CONDITION.search(ast.unparse(node)))
    is_mark = isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "pytestmark"
    return is_mark and bool(CONDITION.search(ast.unparse(node)))


def looked_up(node: ast.stmt, *, skipped: bool) -> list[ast.AST]:
    """Return the parts of a statement that Windows runs: of a skipped test, its decorators."""
    if not isinstance(node, (ast.FunctionDef, ast.ClassDef)):
        return [node]
    parts: list[ast.AST] = list(node.decorator_list)
    if node.name.startswith("test_") and not skipped and not CONDITION.search(ast.unparse(node)):
        parts.append(node)  # of another function, the tests that call it say what they need
    return [part for part in parts if not CONDITION.search(ast.unparse(part))]
