"""Layers that do nothing at inference: not one of them may leave a node behind."""

from __future__ import annotations

from keras import layers

from .case import Case
from .sketch import alone, between, wired

_IMAGE = (6, 9, 5)
_SERIES = (7, 5)


def cases() -> tuple[Case, ...]:
    """All cases of layers that only matter while training."""
    return (
        alone("dropout_is_the_whole_model", lambda: layers.Dropout(0.4), _IMAGE),
        alone("identity_is_the_whole_model", layers.Identity, (9,)),
        between("dropout_between_convs", lambda: layers.Dropout(0.4), _IMAGE),
        between("dropout_between_dense", lambda: layers.Dropout(0.4, noise_shape=(None, 1)), (9,)),
        between("alpha_dropout", lambda: layers.AlphaDropout(0.3), _SERIES),
        between("gaussian_dropout", lambda: layers.GaussianDropout(0.3), _IMAGE),
        between("gaussian_noise", lambda: layers.GaussianNoise(0.3), _IMAGE),
        between("spatial_dropout1d", lambda: layers.SpatialDropout1D(0.3), _SERIES),
        between("spatial_dropout2d", lambda: layers.SpatialDropout2D(0.3), _IMAGE),
        between("spatial_dropout3d", lambda: layers.SpatialDropout3D(0.3), (4, 5, 7, 3)),
        between(
            "activity_regularization",
            lambda: layers.ActivityRegularization(l1=0.01, l2=0.02),
            _IMAGE,
        ),
        between("identity_between_convs", layers.Identity, _IMAGE),
        wired("masking", lambda x: layers.Masking(0.0)(layers.ReLU()(x)), _SERIES),
        wired(
            "masking_lstm", lambda x: layers.LSTM(4)(layers.Masking(0.0)(layers.ReLU()(x))), (9, 1)
        ),
    )
