"""Whole models that answer with an image: segmentation, restoration, generation, heatmaps."""

from __future__ import annotations

from typing import Any

import keras
from keras import layers, ops

from .blocks import conv_bn, double_conv, residual
from .case import Case
from .sketch import wired

_IMAGE = (16, 24, 3)


def cases() -> tuple[Case, ...]:
    """All patterns whose output is an image."""
    listed = (*_SEGMENTATION, *_RESTORATION, *_GENERATION, *_HEATMAPS)
    fixed = (wired(f"pattern_{name}", *rest, group="pattern") for name, *rest in listed)
    return (*fixed, _OPEN_SIZE)


def _unet(x: Any, up: Any, classes: int = 4, head: str = "softmax") -> Any:
    first = double_conv(x, 6)
    second = double_conv(layers.MaxPooling2D()(first), 9)
    deep = layers.Dropout(0.2)(double_conv(layers.MaxPooling2D()(second), 12))
    second = double_conv(layers.Concatenate()([second, up(deep, 9)]), 9)
    first = double_conv(layers.Concatenate()([first, up(second, 6)]), 6)
    return layers.Conv2D(classes, 1, activation=head)(first)


def _up_transposed(x: Any, filters: int) -> Any:
    return layers.Conv2DTranspose(filters, 2, strides=2, padding="same")(x)


def _up_nearest(x: Any, filters: int) -> Any:
    return layers.Conv2D(filters, 2, padding="same", activation="relu")(layers.UpSampling2D()(x))


def _up_bilinear(x: Any, filters: int) -> Any:
    return conv_bn(layers.UpSampling2D(interpolation="bilinear")(x), filters, 1)


def _unet_valid(x: Any) -> Any:
    """The original U-Net: unpadded convolutions; each skip is cropped to fit."""
    first = layers.Conv2D(6, 3, activation="relu")(x)
    deep = layers.Conv2D(9, 3, activation="relu")(layers.MaxPooling2D()(first))
    up = layers.Conv2DTranspose(6, 2, strides=2)(deep)
    skip = layers.Cropping2D(((2, 2), (2, 2)))(first)
    return layers.Conv2D(2, 1, activation="softmax")(layers.Concatenate()([skip, up]))


def _unet_odd(x: Any) -> Any:
    """Odd sizes: the upsampled map is a pixel larger than the skip and is cropped."""
    first = conv_bn(x, 6)
    deep = conv_bn(layers.MaxPooling2D(padding="same")(first), 9)
    up = layers.Cropping2D(((0, 1), (0, 1)))(layers.UpSampling2D()(deep))
    return layers.Conv2D(3, 1)(layers.Concatenate()([first, up]))


def _attention_unet(x: Any) -> Any:
    first = double_conv(x, 6)
    deep = double_conv(layers.MaxPooling2D()(first), 9)
    gate = layers.Conv2D(6, 1)(layers.UpSampling2D()(deep))
    both = layers.ReLU()(layers.Add()([gate, layers.Conv2D(6, 1)(first)]))
    weight = layers.Conv2D(1, 1, activation="sigmoid")(both)
    joined = layers.Concatenate()([layers.Multiply()([first, weight]), gate])
    return layers.Conv2D(1, 1, activation="sigmoid")(joined)


def _unet3d(x: Any) -> Any:
    first = layers.Conv3D(4, 3, padding="same", activation="relu")(x)
    deep = layers.Conv3D(6, 3, padding="same", activation="relu")(layers.MaxPooling3D()(first))
    up = layers.Conv3DTranspose(4, 2, strides=2)(deep)
    return layers.Conv3D(2, 1, activation="softmax")(layers.Concatenate()([first, up]))


def _deeplab(x: Any) -> Any:
    low = residual(conv_bn(x, 6, strides=2), 6)
    deep = residual(conv_bn(low, 8, strides=2), 8)
    height, width = deep.shape[1:3]
    pooled = conv_bn(layers.GlobalAveragePooling2D(keepdims=True)(deep), 5, 1)
    pooled = layers.UpSampling2D((height, width), interpolation="bilinear")(pooled)
    rates = [conv_bn(deep, 5, 3, dilation_rate=rate) for rate in (1, 2, 3)]
    aspp = conv_bn(layers.Concatenate()([pooled, conv_bn(deep, 5, 1), *rates]), 7, 1)
    up = layers.UpSampling2D(2, interpolation="bilinear")(aspp)
    joined = conv_bn(layers.Concatenate()([up, conv_bn(low, 3, 1)]), 6)
    return layers.UpSampling2D(2, interpolation="bilinear")(layers.Conv2D(5, 1)(joined))


def _pspnet(x: Any) -> Any:
    features = conv_bn(x, 6, strides=2)
    height, width = features.shape[1:3]
    levels = [features]
    for bins in ((1, 1), (2, 2), (4, 6)):
        pooled = layers.AveragePooling2D((height // bins[0], width // bins[1]))(features)
        pooled = layers.Conv2D(3, 1, activation="relu")(pooled)
        levels.append(ops.image.resize(pooled, (height, width), interpolation="bilinear"))
    return layers.Softmax()(layers.Conv2D(4, 3, padding="same")(layers.Concatenate()(levels)))


def _fcn8(x: Any) -> Any:
    third = conv_bn(conv_bn(x, 4, strides=2), 5, strides=2)
    fourth = conv_bn(third, 6, strides=2)
    score = layers.Conv2DTranspose(3, 4, strides=2, padding="same", use_bias=False)(
        layers.Conv2D(3, 1)(fourth)
    )
    joined = layers.Add()([score, layers.Conv2D(3, 1)(third)])
    return layers.Conv2DTranspose(3, 8, strides=4, padding="same")(joined)


def _fpn(x: Any) -> list[Any]:
    second = residual(x, 6, 2)
    third = residual(second, 8, 2)
    fourth = residual(third, 10, 2)
    lateral = [layers.Conv2D(7, 1)(level) for level in (second, third, fourth)]
    lateral[1] = layers.Add()([lateral[1], layers.UpSampling2D()(lateral[2])])
    lateral[0] = layers.Add()([lateral[0], layers.UpSampling2D()(lateral[1])])
    extra = layers.MaxPooling2D(1, strides=2)(lateral[2])
    return [*(layers.Conv2D(7, 3, padding="same")(level) for level in lateral), extra]


def _segment_and_argmax(x: Any) -> Any:
    return ops.argmax(_unet(x, _up_bilinear, head="linear"), axis=-1)


_SEGMENTATION: tuple[tuple[Any, ...], ...] = (
    ("unet_transposed", lambda x: _unet(x, _up_transposed), _IMAGE),
    ("unet_nearest_sigmoid", lambda x: _unet(x, _up_nearest, 1, "sigmoid"), _IMAGE),
    ("unet_bilinear", lambda x: _unet(x, _up_bilinear), _IMAGE),
    ("unet_valid_cropped", _unet_valid, (18, 22, 3)),
    ("unet_odd_size", _unet_odd, (15, 21, 3)),
    ("unet_attention", _attention_unet, _IMAGE),
    ("unet_3d", _unet3d, (6, 8, 10, 2)),
    ("unet_argmax", _segment_and_argmax, _IMAGE),
    ("deeplab_aspp", _deeplab, _IMAGE),
    ("pspnet", _pspnet, _IMAGE),
    ("fcn8", _fcn8, _IMAGE),
    ("fpn", _fpn, _IMAGE),
)


def _super_resolution(x: Any) -> Any:
    h = layers.Conv2D(9, 5, padding="same", activation="relu")(x)
    h = layers.Conv2D(3 * 4, 3, padding="same")(h)
    return ops.nn.depth_to_space(h, 2)


def _pixel_shuffle_by_hand(x: Any) -> Any:
    """Depth to space as it was written before Keras had it: a detour through rank 6."""
    h = layers.Conv2D(2 * 9, 3, padding="same")(x)
    _, height, width, _ = h.shape
    h = layers.Reshape((height, width, 3, 3, 2))(h)
    h = layers.Permute((1, 3, 2, 4, 5))(h)
    return layers.Reshape((3 * height, 3 * width, 2))(h)


def _edsr(x: Any) -> Any:
    head = layers.Conv2D(8, 3, padding="same")(layers.Rescaling(1 / 2.0, offset=0.1)(x))
    h = head
    for _ in range(2):
        inner = layers.Conv2D(8, 3, padding="same", activation="relu")(h)
        h = layers.Add()([h, 0.1 * layers.Conv2D(8, 3, padding="same")(inner)])
    h = layers.Add()([layers.Conv2D(8, 3, padding="same")(h), head])
    h = ops.nn.depth_to_space(layers.Conv2D(32, 3, padding="same")(h), 2)
    return ops.clip(layers.Conv2D(3, 3, padding="same")(h), 0.0, 2.0)


def _denoiser(x: Any) -> Any:
    noise = layers.Conv2D(3, 3, padding="same")(conv_bn(conv_bn(x, 8), 8))
    return layers.Subtract()([x, noise])


def _style_transfer(x: Any) -> Any:
    """Reflection padding and instance normalisation."""
    h = ops.pad(x, [[0, 0], [2, 2], [2, 2], [0, 0]], mode="reflect")
    h = layers.ReLU()(layers.GroupNormalization(-1)(layers.Conv2D(6, 5)(h)))
    h = layers.ReLU()(layers.GroupNormalization(-1)(layers.Conv2D(8, 3, 2, padding="same")(h)))
    h = layers.Conv2DTranspose(6, 3, strides=2, padding="same")(h)
    return ops.tanh(layers.Conv2D(3, 3, padding="same")(h)) * 150.0 + 127.5


def _low_light(x: Any) -> Any:
    """Zero-DCE: curves applied again and again to the image itself."""
    curves = layers.Conv2D(6, 3, padding="same", activation="tanh")(conv_bn(x, 6))
    for curve in (curves[..., :3], curves[..., 3:]):
        x = x + curve * (ops.square(x) - x)
    return x


def _autoencoder(x: Any) -> Any:
    h = conv_bn(conv_bn(x, 8, strides=2), 10, strides=2)
    h = layers.Conv2DTranspose(8, 3, strides=2, padding="same", activation="relu")(h)
    h = layers.Conv2DTranspose(6, 3, strides=2, padding="same", activation="relu")(h)
    return layers.Conv2D(3, 3, padding="same", activation="sigmoid")(h)


def _autoencoder_through_vector(x: Any) -> Any:
    h = layers.Flatten()(conv_bn(x, 4, strides=2))
    code = layers.Dense(9, activation="relu")(h)
    h = layers.Reshape((8, 12, 4))(layers.Dense(8 * 12 * 4, activation="relu")(code))
    return layers.Conv2DTranspose(3, 3, strides=2, padding="same", activation="sigmoid")(h)


_RESTORATION: tuple[tuple[Any, ...], ...] = (
    ("super_resolution_depth_to_space", _super_resolution, (7, 10, 3)),
    ("super_resolution_by_reshapes", _pixel_shuffle_by_hand, (5, 7, 3)),
    ("super_resolution_edsr", _edsr, (7, 10, 3)),
    ("denoiser_residual", _denoiser, (9, 13, 3)),
    ("style_transfer", _style_transfer, _IMAGE),
    ("low_light_curves", _low_light, (9, 13, 3)),
    ("autoencoder_transposed", _autoencoder, _IMAGE),
    ("autoencoder_through_vector", _autoencoder_through_vector, _IMAGE),
)


def _gan_generator(z: Any) -> Any:
    h = layers.Reshape((3, 4, 10))(layers.Dense(3 * 4 * 10, use_bias=False)(z))
    for filters in (8, 6):
        h = layers.LeakyReLU(0.2)(layers.BatchNormalization()(h))
        h = layers.Conv2DTranspose(filters, 5, strides=2, padding="same", use_bias=False)(h)
    return layers.Conv2D(3, 3, padding="same", activation="tanh")(layers.LeakyReLU(0.2)(h))


def _gan_discriminator(x: Any) -> Any:
    h = layers.Dropout(0.3)(layers.LeakyReLU(0.2)(layers.Conv2D(6, 5, 2, padding="same")(x)))
    h = layers.Dropout(0.3)(layers.LeakyReLU(0.2)(layers.Conv2D(9, 5, 2, padding="same")(h)))
    return layers.Dense(1)(layers.Flatten()(h))


def _vae_decoder(z: Any) -> Any:
    h = layers.Reshape((4, 6, 8))(layers.Dense(4 * 6 * 8, activation="relu")(z))
    h = layers.Conv2DTranspose(8, 3, activation="relu", strides=2, padding="same")(h)
    return layers.Conv2DTranspose(1, 3, activation="sigmoid", strides=2, padding="same")(h)


def _diffusion_step(image: Any, time: Any) -> Any:
    """A denoising U-Net in small: a sinusoidal time embedding, swish, group normalisation."""
    frequencies = ops.exp(ops.linspace(0.0, 3.0, 4))
    angles = time * ops.reshape(frequencies, (1, 4))
    t = layers.Dense(8, activation="swish")(
        ops.concatenate([ops.sin(angles), ops.cos(angles)], axis=-1)
    )
    h = layers.Conv2D(8, 3, padding="same")(image)
    h = layers.Add()([h, layers.Reshape((1, 1, 8))(t)])
    h = layers.Activation("swish")(layers.GroupNormalization(4)(h))
    return layers.Conv2D(3, 3, padding="same")(h)


_GENERATION: tuple[tuple[Any, ...], ...] = (
    ("gan_generator", _gan_generator, (9,)),
    ("gan_discriminator", _gan_discriminator, _IMAGE),
    ("vae_decoder", _vae_decoder, (5,)),
    ("diffusion_step", _diffusion_step, (10, 12, 3), (1,)),
)


def _pose_heatmaps(x: Any) -> Any:
    h = residual(conv_bn(x, 8, strides=2), 8)
    h = conv_bn(layers.Conv2DTranspose(6, 4, strides=2, padding="same", use_bias=False)(h), 6)
    return layers.Conv2D(5, 1)(h)


def _hourglass(x: Any) -> list[Any]:
    stem = conv_bn(x, 6)
    outputs = []
    for _ in range(2):
        down = residual(layers.MaxPooling2D()(stem), 6)
        up = layers.Add()([stem, layers.UpSampling2D()(residual(down, 6))])
        heat = layers.Conv2D(4, 1)(conv_bn(up, 6, 1))
        outputs.append(heat)
        stem = layers.Add()([stem, layers.Conv2D(6, 1)(heat)])
    return outputs


def _soft_argmax(x: Any) -> Any:
    """Heatmaps to coordinates: a softmax over the image, then the expected row and column."""
    heat = layers.Conv2D(4, 3, padding="same")(conv_bn(x, 6))
    _, height, width, joints = heat.shape
    weight = ops.softmax(ops.reshape(heat, (-1, height * width, joints)), axis=1)
    weight = ops.reshape(weight, (-1, height, width, joints))
    rows = ops.sum(
        ops.sum(weight, axis=2) * ops.reshape(ops.arange(height, dtype="float32"), (1, -1, 1)), 1
    )
    columns = ops.sum(
        ops.sum(weight, axis=1) * ops.reshape(ops.arange(width, dtype="float32"), (1, -1, 1)), 1
    )
    return ops.stack([columns, rows], axis=-1)


def _depth(x: Any) -> dict[str, Any]:
    h = conv_bn(conv_bn(x, 8, strides=2), 10, strides=2)
    half = layers.UpSampling2D(interpolation="bilinear")(conv_bn(h, 6))
    full = layers.UpSampling2D(interpolation="bilinear")(conv_bn(half, 4))
    inverse = layers.Conv2D(1, 3, padding="same", activation="softplus")(full)
    return {"coarse": layers.Conv2D(1, 3, padding="same")(half), "depth": 1.0 / (0.1 + inverse)}


_HEATMAPS: tuple[tuple[Any, ...], ...] = (
    ("pose_heatmaps", _pose_heatmaps, _IMAGE),
    ("hourglass_stacked", _hourglass, _IMAGE),
    ("pose_soft_argmax", _soft_argmax, (8, 11, 3)),
    ("depth_two_scales", _depth, _IMAGE),
)


def _fully_convolutional() -> keras.Model:
    image = keras.Input((None, None, 3), name="image")
    return keras.Model(image, _unet(image, _up_nearest))


_OPEN_SIZE = Case("pattern_unet_open_size", "pattern", _fully_convolutional, {"image": _IMAGE})
