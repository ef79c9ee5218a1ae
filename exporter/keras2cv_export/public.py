"""The functions that users call: options are checked first, and TensorFlow is imported after."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, ParamSpec, TypeVar

from .confined_child import check_in_child, export_in_child, needs_child
from .options import CheckOptions, ExportOptions, require_checkable, require_ready
from .options.reference import arguments_section
from .quiet.garbage import uncollected

if TYPE_CHECKING:
    from .checks.check_report import CheckReport
    from .export_report import ExportReport

_P = ParamSpec("_P")
_Record = TypeVar("_Record")
_Result = TypeVar("_Result")


def _with_fields_of(
    record: Callable[_P, _Record],
) -> Callable[[Callable[[_Record], _Result]], Callable[_P, _Result]]:
    """Give a function of a record the record's fields as its parameters, with their help."""

    def decorate(function: Callable[[_Record], _Result]) -> Callable[_P, _Result]:
        signature = inspect.signature(record)

        @functools.wraps(function)
        def called(*args: _P.args, **kwargs: _P.kwargs) -> _Result:
            try:
                signature.bind(*args, **kwargs)
            except TypeError as error:
                raise TypeError(f"{function.__name__}(): {error}") from None
            return function(record(*args, **kwargs))

        returned = inspect.signature(function).return_annotation
        called.__signature__ = signature.replace(return_annotation=returned)  # type: ignore[attr-defined]
        called.__doc__ = _documented(function.__doc__ or "", record)
        return called

    return decorate


def _documented(text: str, record: Any) -> str:
    """Put the record's `Args:` after the first line."""
    summary, _, rest = inspect.cleandoc(text).partition("\n\n")
    return f"{summary}\n\n{arguments_section(record)}\n\n{rest}\n"


@_with_fields_of(ExportOptions)
def export(options: ExportOptions) -> ExportReport:
    """Turn a Keras model into a bundle that OpenCV runs, and prove that it predicts the same.

    Returns:
        What was done; `.parity.verdict` is "pass", or "inconclusive" for a bundle that is kept as
        unverified.

    Raises:
        ParityError: OpenCV's predictions differ from TensorFlow's; nothing was written.
        NetError: OpenCV refuses the graph or crashes on it; nothing was written.
        UnsupportedError: Ops that OpenCV cannot run, all of them listed; nothing was written.
        UsageError: The model, a file or an argument is not right; nothing was written.
    """
    require_ready(options)
    if needs_child(options.model, unsafe=options.unsafe):
        return export_in_child(options, _export_here)
    return _export_here(options)


def _export_here(options: ExportOptions) -> ExportReport:
    with uncollected():  # importing TensorFlow
        from .exporting import export_model
    return export_model(options)


@_with_fields_of(CheckOptions)
def check(options: CheckOptions) -> CheckReport:
    """Compare a bundle's predictions in OpenCV with the model's own in TensorFlow.

    Returns:
        What was found; `.verdict` is "pass", "fail" or "inconclusive".

    Raises:
        BundleError: There is no whole bundle.
        NetError: OpenCV refuses the bundle or crashes on it.
        UsageError: The model, a file or an argument is not right, or the model has other inputs
            or outputs than the bundle.
    """
    require_checkable(options)
    trusted = options.unsafe or options.runs_own_pipeline
    if needs_child(options.against, unsafe=trusted):
        return check_in_child(options, _check_here)
    return _check_here(options)


def _check_here(options: CheckOptions) -> CheckReport:
    with uncollected():  # importing TensorFlow
        from .checks.checking import check_bundle
    return check_bundle(options)
