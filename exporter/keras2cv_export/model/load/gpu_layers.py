"""`CuDNNLSTM` and `CuDNNGRU`: recurrent layers of Keras 2 for GPUs, as their plain forms.

TensorFlow has no CPU kernel for their op. Keras 2 computes the same with LSTM, and with GRU where
`reset_after` is set, and converts their weights while it reads them from .h5
(`tf_keras/src/saving/legacy/hdf5_format.py`, `_convert_rnn_weights`).
"""

from __future__ import annotations

from typing import Any, Final

_FIXED: Final = {"activation": "tanh", "recurrent_activation": "sigmoid"}


def of_gpus_as_plain(tf_keras: Any) -> dict[str, Any]:
    """Return, for each class of GPUs alone, a reader of its config that makes the plain layer."""
    layers = tf_keras.layers
    return {
        "CuDNNLSTM": _plain(layers.LSTM, {}),
        "CuDNNGRU": _plain(layers.GRU, {"reset_after": True}),
    }


def _plain(layer: Any, more: dict[str, Any]) -> Any:
    class Plain:
        """Read as the class of GPUs; the plain layer results, to whose name Keras looks."""

        @staticmethod
        def from_config(config: dict[str, Any]) -> Any:
            return layer.from_config({**config, **_FIXED, **more})

    return Plain
