"""A node in a form that nothing writes in other ops."""

from __future__ import annotations

from keras2cv.errors import ModelError


class RefusedFormError(ModelError):
    """The form, as a clause."""
