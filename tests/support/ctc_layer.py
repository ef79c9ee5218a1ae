"""The layer with which Keras' OCR example trains: it adds a CTC loss, and hands predictions on."""

from __future__ import annotations

from typing import Any

import keras
import tensorflow as tf


@keras.saving.register_keras_serializable(package="ocr")
class CTCLayer(keras.layers.Layer):
    """The example's endpoint: (labels, predictions[, lengths of both]) -> predictions."""

    def call(self, y_true: Any, y_pred: Any, *lengths: Any) -> Any:
        """Add the loss; at inference the predictions are all that counts."""
        batch, steps = tf.shape(y_pred)[0], tf.shape(y_pred)[1]
        ones = tf.ones((batch, 1), tf.int32)
        input_length = tf.cast(lengths[0], tf.int32) if lengths else steps * ones
        label_length = tf.cast(lengths[1], tf.int32) if lengths else tf.shape(y_true)[1] * ones
        logits = tf.math.log(tf.transpose(y_pred, (1, 0, 2)) + keras.config.epsilon())
        mask = tf.sequence_mask(tf.reshape(label_length, (-1,)), tf.shape(y_true)[1])
        where = tf.where(mask)
        sparse = tf.SparseTensor(
            where,
            tf.cast(tf.gather_nd(y_true, where), tf.int32),
            tf.cast(tf.shape(y_true), tf.int64),
        )
        loss = tf.compat.v1.nn.ctc_loss(
            inputs=logits, labels=sparse, sequence_length=tf.reshape(input_length, (-1,))
        )
        self.add_loss(tf.expand_dims(loss, 1))
        return y_pred


def with_ctc_layer(model: Any, *, lengths: bool = False) -> Any:
    """Return the training model around `model`: labels, and lengths of both, are inputs too."""
    labels = keras.Input((None,), name="label")
    extra = [keras.Input((1,), name=n) for n in ("input_length", "label_length")] if lengths else []
    out = CTCLayer(name="ctc_loss")(labels, model.output, *extra)
    return keras.Model([model.input, labels, *extra], out, name="ocr_model_v1")
