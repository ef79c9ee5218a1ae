"""The documentation site: `sphinx-build -W -n docs build/site`, without a network."""

from __future__ import annotations

import re
import sys
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[1]
sys.path[:0] = [str(ROOT / name) for name in ("runtime", "exporter", "benchmarks", "docs/site")]

from plots import replace_pictures, write_script  # noqa: E402 - found by the line above

from keras2cv._version import VERSION  # noqa: E402 - found by the same line

project, author, release = "keras2cv", "the keras2cv authors", VERSION
project_copyright = "the keras2cv authors, Apache-2.0"
extensions = [
    "myst_parser",
    "sphinx.ext.autodoc",
    "sphinx.ext.napoleon",
    "sphinx_argparse_cli",
    "sphinx_copybutton",
]
exclude_patterns = ["site"]
html_theme = "furo"
html_title = f"keras2cv {release}"
html_static_path = ["_static"]
templates_path = ["_templates"]
html_css_files = ["site.css"]
html_js_files = ["tables.js"]
html_extra_path = ["manifest.schema.json"]
html_copy_source = html_show_sourcelink = False
highlight_language = "none"
pygments_style, pygments_dark_style = "a11y-high-contrast-light", "a11y-high-contrast-dark"
html_theme_options: dict[str, Any] = {
    "light_css_variables": {"color-brand-primary": "#0b5c8f", "color-brand-content": "#0b5c8f"},
    "dark_css_variables": {"color-brand-primary": "#7cc4f0", "color-brand-content": "#7cc4f0"},
}

myst_heading_anchors = 4
myst_enable_extensions = ["colon_fence", "deflist"]
# Code blocks of terminals and of tables have no language that pygments knows.
suppress_warnings = ["misc.highlighting_failure", "myst.header"]

autodoc_typehints = "description"
autodoc_member_order = "bysource"
autodoc_class_signature = "separated"
napoleon_google_docstring, napoleon_numpy_docstring = True, False
napoleon_use_ivar = True
# No inventory of another site is downloaded, so links to other packages' types lead nowhere;
# records of ours that no page describes have none either. The last is the first sentence of a
# property.
nitpick_ignore_regex = [
    ("py:class", r"(numpy|collections\.abc|os)\..*"),
    ("py:class", r"keras2cv\.(batches|bundle|net|pixels|predictor|preparing|selftest|tasks)\..*"),
    ("py:class", r"StrPath|Shapes|ImageLike|Result|ExportReport|CheckReport"),
    ("py:class", r"\S+ .* .*"),
]

_SOURCE = "https://github.com/keras2cv/keras2cv/blob/main"
_LINK = re.compile(r"\]\((?P<path>[^):#]+)(?P<anchor>#[^)]*)?\)")
_DOCS = ROOT / "docs"
# Files of the checkout's root that the site has as pages.
_PAGES = {
    "README.md": "start",
    "CONTRIBUTING.md": "contributing",
    "SECURITY.md": "security",
    "CHANGELOG.md": "changelog",
}


def rewrite_links(_: Any, name: str, source: list[str]) -> None:
    """Fill the pages that are files of the root, and let links out of `docs/` lead somewhere."""
    folder = (_DOCS / name).parent
    for file, page in _PAGES.items():
        if page == name:
            source[0], folder = (ROOT / file).read_text(encoding="utf-8"), ROOT

    def target(found: re.Match[str]) -> str:
        path = (folder / found["path"]).resolve()
        if not path.exists():
            return found[0]  # code, or a link that Sphinx reports
        return f"]({_place(path)}{found['anchor'] or ''})"

    source[0] = _LINK.sub(target, source[0])


def _place(path: Path) -> str:
    if path.is_relative_to(_DOCS):
        return f"/{path.relative_to(_DOCS).as_posix()}"
    name = path.relative_to(ROOT).as_posix()
    return f"/{_PAGES[name]}.md" if name in _PAGES else f"{_SOURCE}/{name}"


def setup(app: Any) -> None:
    """Connect the hook above, and those of the plots."""
    app.connect("source-read", rewrite_links)
    app.connect("doctree-resolved", replace_pictures)
    app.connect("build-finished", write_script)
