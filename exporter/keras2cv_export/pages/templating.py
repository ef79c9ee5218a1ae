"""Pages from templates: a package's own `templates` folder, and the shared one below it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any, Final

import jinja2

from keras2cv.visible_text import shown

from .formats import duration, error, megabytes, number, percent
from .palette import PALETTE

_FILTERS: Final[Mapping[str, Callable[..., str]]] = MappingProxyType(
    {f.__name__: f for f in (duration, error, megabytes, number, percent)}
)


def _visible(value: Any) -> Any:
    """Return what an expression prints, without direction marks and other invisible characters."""
    return "\n".join(map(shown, value.split("\n"))) if type(value) is str else value


def render(package: str, template: str, **values: Any) -> str:
    """Return a page: `template` of `package`, or of this one, filled with values.

    Strings are escaped, unless the template makes Markdown. A name that nobody gave is an error.
    """
    environment = jinja2.Environment(
        loader=jinja2.ChoiceLoader([jinja2.PackageLoader(p) for p in (package, __package__)]),
        autoescape=jinja2.select_autoescape((), disabled_extensions=("md.jinja",), default=True),
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
        finalize=_visible,
    )
    environment.filters |= _FILTERS
    environment.globals["palette"] = PALETTE
    environment.policies["json.dumps_kwargs"] = {"allow_nan": False}
    return environment.get_template(template).render(**values)
