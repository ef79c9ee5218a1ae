"""A result of the runtime in the plain forms of a reference answer."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, Final

from keras2cv.tasks.embed.result import Embedding
from keras2cv.tasks.image.result import ImageResult
from keras2cv.tasks.keypoints.result import Keypoints
from keras2cv.tasks.raw.result import RawOutputs
from keras2cv.tasks.regress.result import Regression
from keras2cv.tasks.result import Result
from keras2cv.tasks.segment.result import Segmentation

_ATTRIBUTES: Final[Mapping[type[Any], str]] = MappingProxyType(
    {
        Segmentation: "label_map",
        Keypoints: "points_xy",
        Embedding: "vector",
        Regression: "values",
        RawOutputs: "arrays",
    }
)


def plain(result: Result) -> Any:
    """Return the result as a user's pipeline would answer; see `tasks.answer_match`."""
    if isinstance(result, ImageResult):
        return result.image_bgr[..., ::-1]
    name = _ATTRIBUTES.get(type(result))
    return result.to_dict() if name is None else getattr(result, name)
