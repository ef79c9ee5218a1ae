"""How models are put together: inputs, outputs, nesting, sharing, subclassing, heads, policies."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
from keras import layers, ops

from .blocks import conv_bn, encoder, residual
from .case import Case
from .sketch import wired

_IMAGE = (12, 17, 3)
_PIXELS = (0.0, 255.0)


def cases() -> tuple[Case, ...]:
    """All wiring patterns."""
    heads = (wired(f"pattern_{name}", wiring, _IMAGE, group="pattern") for name, wiring in _HEADS)
    built = (Case(f"pattern_{name}", "pattern", build) for name, build in _BUILT)
    return (*heads, *built, *_SUBCLASSED, *_PREPROCESSED)


# -- heads ----------------------------------------


def _features(x: Any) -> Any:
    return conv_bn(conv_bn(x, 6, strides=2), 8)


def _pooled(x: Any) -> Any:
    return layers.GlobalAveragePooling2D()(_features(x))


def _classes(x: Any) -> Any:
    return layers.Dense(7)(_pooled(x))


def _ranked(x: Any) -> Any:
    """Logits whose order changes from image to image."""
    return layers.Dense(7, use_bias=False)(layers.Flatten()(_features(x)))


def _top_k(x: Any) -> list[Any]:
    values, indices = ops.top_k(ops.softmax(_ranked(x)), 3)
    return [values, indices]


def _label_and_score(x: Any) -> dict[str, Any]:
    scores = ops.softmax(_ranked(x))
    return {"label": ops.argmax(scores, axis=-1), "score": ops.max(scores, axis=-1)}


def _anchors_beside(x: Any) -> list[Any]:
    """The same boxes for each image, in front of the answers."""
    anchors = np.arange(20, dtype=np.float32).reshape(1, 5, 4)
    return [ops.zeros_like(x[:, :1, :1, 0]) + anchors, _classes(x)]


def _quotient_of_features(x: Any) -> Any:
    """Three channels between convolutions, divided by numbers that may be 0 beside them."""
    h = layers.Conv2D(3, 3)(x)
    return layers.Conv2D(4, 3)(ops.divide(h, ops.abs(h)) + ops.log(ops.abs(h)))


def _binary_decision(x: Any) -> Any:
    return ops.cast(ops.sigmoid(3.0 * layers.Dense(5)(_pooled(x))) > 0.5, "int32")


def _all_pools(x: Any) -> Any:
    h = _features(x)
    parts = [
        layers.GlobalAveragePooling2D()(h),
        layers.GlobalMaxPooling2D()(h),
        layers.Flatten()(h),
    ]
    return layers.Dense(4)(layers.Concatenate()(parts))


def _generalized_mean(x: Any) -> Any:
    """GeM pooling, as image retrieval uses it, to a unit vector."""
    h = ops.maximum(_features(x), 1e-3)
    pooled = ops.power(ops.mean(ops.power(h, 3.0), axis=(1, 2)), 1.0 / 3.0)
    return layers.UnitNormalization()(layers.Dense(9)(pooled))


def _cosine_head(x: Any) -> Any:
    """ArcFace at inference: cosines to the classes' directions."""
    vector = ops.normalize(layers.Dense(6)(_pooled(x)), axis=-1)
    directions = np.random.default_rng(2).standard_normal((6, 5)).astype("float32")
    return 8.0 * ops.matmul(vector, directions / np.linalg.norm(directions, axis=0))


_HEADS = (
    ("head_softmax", lambda x: layers.Softmax()(_classes(x))),
    ("head_binary_sigmoid", lambda x: layers.Dense(1, activation="sigmoid")(_pooled(x))),
    ("head_multi_label", lambda x: layers.Dense(6, activation="sigmoid")(_pooled(x))),
    ("head_global_max", lambda x: layers.Dense(4)(layers.GlobalMaxPooling2D()(_features(x)))),
    ("head_flatten", lambda x: layers.Dense(4)(layers.Flatten()(_features(x)))),
    ("head_three_pools", _all_pools),
    (
        "head_fully_convolutional",
        lambda x: layers.GlobalAveragePooling2D()(layers.Conv2D(5, 1)(_features(x))),
    ),
    ("head_argmax", lambda x: ops.argmax(_ranked(x), axis=-1)),
    ("head_top_k", _top_k),
    ("head_label_and_score", _label_and_score),
    ("head_anchors_beside", _anchors_beside),
    ("head_binary_decision", _binary_decision),
    ("head_quotient_of_features", _quotient_of_features),
    ("head_scalar", lambda x: ops.squeeze(layers.Dense(1)(_pooled(x)), axis=-1)),
    ("head_temperature", lambda x: ops.softmax(_classes(x) / 2.5)),
    ("head_embedding_unit", lambda x: layers.UnitNormalization()(layers.Dense(6)(_pooled(x)))),
    ("head_generalized_mean", _generalized_mean),
    ("head_cosine", _cosine_head),
    ("head_ordinal", lambda x: ops.cumprod(ops.sigmoid(_classes(x)), axis=-1)),
    ("head_mean_of_crops", lambda x: (_classes(x[:, :-2, :-3]) + _classes(x[:, 2:, 3:])) / 2.0),
)


# -- inputs, outputs, nesting, sharing ------------


def _siamese_distance() -> keras.Model:
    shared = encoder(_IMAGE)
    left, right = keras.Input(_IMAGE, name="left"), keras.Input(_IMAGE, name="right")
    apart = ops.abs(shared(left) - shared(right))
    return keras.Model([left, right], layers.Dense(1, activation="sigmoid")(apart))


def _siamese_euclidean() -> keras.Model:
    shared = encoder(_IMAGE)
    left, right = keras.Input(_IMAGE, name="left"), keras.Input(_IMAGE, name="right")
    square = ops.sum(ops.square(shared(left) - shared(right)), axis=1, keepdims=True)
    return keras.Model([left, right], ops.sqrt(ops.maximum(square, keras.config.epsilon())))


def _triplet() -> keras.Model:
    shared = encoder(_IMAGE)
    images = [keras.Input(_IMAGE, name=name) for name in ("anchor", "positive", "negative")]
    anchor, positive, negative = (layers.UnitNormalization()(shared(image)) for image in images)
    near, far = layers.Dot(axes=1)([anchor, positive]), layers.Dot(axes=1)([anchor, negative])
    return keras.Model(images, layers.Concatenate()([near, far]))


def _image_and_table() -> keras.Model:
    image, table = keras.Input(_IMAGE, name="image"), keras.Input((5,), name="table")
    joined = layers.Concatenate()(
        [encoder(_IMAGE)(image), layers.Dense(4, activation="relu")(table)]
    )
    return keras.Model([image, table], layers.Dense(3, activation="softmax")(joined))


def _two_images_of_two_sizes() -> keras.Model:
    large, small = keras.Input((12, 18, 3), name="large"), keras.Input((6, 9, 1), name="small")
    up = layers.UpSampling2D(2)(small)
    return keras.Model([large, small], layers.Conv2D(4, 3)(layers.Concatenate()([large, up])))


def _inputs_out_of_order() -> keras.Model:
    """Inputs are listed in another order than they are used in."""
    first, second, third = (
        keras.Input((6, 8, c), name=n) for n, c in (("c", 1), ("a", 3), ("b", 2))
    )
    h = layers.Concatenate()([third, first])
    return keras.Model(
        [third, first, second], layers.Conv2D(3, 2)(layers.Concatenate()([h, second]))
    )


def _many_outputs_list() -> keras.Model:
    image = keras.Input(_IMAGE, name="image")
    first = conv_bn(image, 5, strides=2)
    second = conv_bn(first, 7, strides=2)
    return keras.Model(
        image, [first, layers.Dense(3)(layers.GlobalAveragePooling2D()(second)), second]
    )


def _many_outputs_dict() -> keras.Model:
    image = keras.Input(_IMAGE, name="image")
    h = _features(image)
    vector = layers.GlobalAveragePooling2D()(h)
    outputs = {
        "mask": layers.Conv2D(2, 1, activation="sigmoid")(h),
        "class": layers.Dense(4, activation="softmax")(vector),
        "age": layers.Dense(1)(vector),
    }
    return keras.Model({"image": image}, outputs)


def _nested_outputs() -> keras.Model:
    image = keras.Input(_IMAGE, name="image")
    h = _features(image)
    pair = (layers.Conv2D(2, 1)(h), layers.Conv2D(3, 1)(h))
    return keras.Model(image, {"maps": pair, "vector": [layers.GlobalMaxPooling2D()(h)]})


def _output_is_input_too() -> keras.Model:
    image = keras.Input(_IMAGE, name="image")
    return keras.Model(image, [image, layers.Conv2D(4, 3)(image)])


def _same_output_twice() -> keras.Model:
    image = keras.Input(_IMAGE, name="image")
    h = layers.Conv2D(4, 3, activation="relu")(image)
    return keras.Model(image, [h, layers.MaxPooling2D(2)(h), h])


def _outputs_of_one_split() -> keras.Model:
    image = keras.Input(_IMAGE, name="image")
    return keras.Model(image, ops.split(layers.Conv2D(6, 3)(image), 3, axis=-1))


def _nested_twice() -> keras.Model:
    inner = encoder(_IMAGE, name="inner")
    middle_image = keras.Input(_IMAGE, name="middle_image")
    middle = keras.Model(
        middle_image, layers.Dense(5, activation="relu")(inner(middle_image)), name="middle"
    )
    image = keras.Input(_IMAGE, name="image")
    return keras.Model(image, layers.Dense(3)(middle(image)))


def _transfer_learning() -> keras.Model:
    """The usual recipe: preprocessing, a frozen base called with training=False, a new head."""
    base = encoder(_IMAGE, 8, name="base")
    base.trainable = False
    image = keras.Input(_IMAGE, name="image")
    h = layers.RandomFlip("horizontal")(image)
    h = base(layers.Rescaling(1 / 2.0, offset=-0.1)(h), training=False)
    return keras.Model(image, layers.Dense(3)(layers.Dropout(0.2)(h)))


def _shared_layer() -> keras.Model:
    conv, norm = layers.Conv2D(4, 3, padding="same"), layers.BatchNormalization()
    first, second = keras.Input(_IMAGE, name="first"), keras.Input((9, 13, 3), name="second")
    pools = [layers.GlobalAveragePooling2D()(norm(conv(image))) for image in (first, second)]
    return keras.Model([first, second], layers.Subtract()(pools))


def _recurrent_in_depth() -> keras.Model:
    """One convolution applied four times."""
    conv = layers.Conv2D(6, 3, padding="same", activation="tanh")
    image = keras.Input(_IMAGE, name="image")
    h = layers.Conv2D(6, 1)(image)
    for _ in range(4):
        h = layers.Add()([h, conv(h)])
    return keras.Model(image, h)


def _sequential() -> keras.Model:
    return keras.Sequential(
        [
            keras.Input(_IMAGE),
            layers.Conv2D(6, 3, activation="relu"),
            layers.MaxPooling2D(2),
            layers.Flatten(),
            layers.Dense(8, activation="relu"),
            layers.Dropout(0.5),
            layers.Dense(4, activation="softmax"),
        ]
    )


def _sequential_of_models() -> keras.Model:
    tail = keras.Sequential(
        [keras.Input((6,)), layers.Dense(5, activation="relu"), layers.Dense(2)]
    )
    return keras.Sequential([keras.Input(_IMAGE), encoder(_IMAGE), tail])


def _ensemble() -> keras.Model:
    image = keras.Input(_IMAGE, name="image")
    members = [encoder(_IMAGE, 4, name=f"member_{index}")(image) for index in range(3)]
    return keras.Model(image, layers.Softmax()(layers.Average()(members)))


def _deep_chain() -> keras.Model:
    image = keras.Input((8, 11, 4), name="image")
    h = image
    for index in range(18):
        h = layers.Conv2D(8, 3, padding="same", use_bias=index % 2 == 0)(h)
        h = layers.ReLU()(h) if index % 3 == 0 else layers.LeakyReLU(0.3)(h)
    return keras.Model(image, h)


def _operators() -> keras.Model:
    """Python's own operators and indexing on Keras tensors."""
    image = keras.Input((9, 12, 4), name="image")
    h = (image * 2.0 - 0.5) / (1.5 + image**2)
    h = -h + 1.0 - image[:, ::-1] * 0.25
    h = h[:, 1:-1, ::2, 1:]
    return keras.Model(image, h // 0.3 + h % 0.7 + abs(h))


def _lambda() -> keras.Model:
    image = keras.Input(_IMAGE, name="image")
    h = layers.Lambda(lambda x: x * 1.7 - 0.3)(layers.Conv2D(4, 3)(image))
    h = layers.Lambda(lambda x: ops.max(x, axis=-1, keepdims=True), output_shape=(10, 15, 1))(h)
    return keras.Model(image, h)


def _constant_added() -> keras.Model:
    """A constant image lives in the graph."""
    image = keras.Input((9, 12, 3), name="image")
    template = np.random.default_rng(4).standard_normal((1, 9, 12, 3)).astype("float32")
    return keras.Model(image, layers.Conv2D(4, 3)(ops.subtract(image, template)))


def _odd_names() -> keras.Model:
    image = keras.Input(_IMAGE, name="the image: 1")
    h = layers.Conv2D(4, 3, name="block-1.conv (a)")(image)
    return keras.Model(image, layers.ReLU(name="größe")(h), name="my model")


def _fixed_batch() -> keras.Model:
    image = keras.Input(batch_shape=(2, *_IMAGE), name="image")
    return keras.Model(image, layers.Dense(3)(layers.Flatten()(_features(image))))


def _vae_encoder() -> keras.Model:
    image = keras.Input(_IMAGE, name="image")
    h = layers.Dense(9, activation="relu")(layers.Flatten()(_features(image)))
    return keras.Model(image, {"mean": layers.Dense(4)(h), "log_variance": layers.Dense(4)(h)})


@keras.saving.register_keras_serializable(package="conformance")
class Sampling(keras.layers.Layer):
    """A VAE's sample while training, its mean at inference."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.noise = keras.random.SeedGenerator(7)

    def call(self, inputs: Any, training: bool = False) -> Any:
        """[(N, D) mean, (N, D) log variance] -> (N, D)."""
        mean, log_variance = inputs
        if not training:
            return mean
        return mean + ops.exp(0.5 * log_variance) * keras.random.normal(
            ops.shape(mean), seed=self.noise
        )


def _vae() -> keras.Model:
    image = keras.Input(_IMAGE, name="image")
    h = layers.Flatten()(_features(image))
    code = Sampling()([layers.Dense(4)(h), layers.Dense(4)(h)])
    h = layers.Reshape((3, 4, 5))(layers.Dense(60, activation="relu")(code))
    return keras.Model(image, layers.Conv2DTranspose(3, 5, strides=(4, 4), activation="sigmoid")(h))


def _with_policy(policy: str) -> Any:
    def build() -> keras.Model:
        image = keras.Input(_IMAGE, name="image")
        h = layers.Conv2D(8, 3, padding="same", activation="relu", dtype=policy)(image)
        h = layers.BatchNormalization(dtype=policy)(layers.Conv2D(8, 3, strides=2, dtype=policy)(h))
        h = layers.GlobalAveragePooling2D(dtype=policy)(layers.ReLU(dtype=policy)(h))
        return keras.Model(image, layers.Dense(4, dtype="float32")(h))

    return build


def _quantized() -> keras.Model:
    table = keras.Input((9,), name="table")
    model = keras.Model(table, layers.Dense(4)(layers.Dense(12, activation="relu")(table)))
    for layer in model.layers[1:]:
        layer.quantize("int8")
    return model


_BUILT = (
    ("siamese_distance", _siamese_distance),
    ("siamese_euclidean", _siamese_euclidean),
    ("triplet_of_unit_vectors", _triplet),
    ("image_and_table", _image_and_table),
    ("two_images_of_two_sizes", _two_images_of_two_sizes),
    ("inputs_out_of_order", _inputs_out_of_order),
    ("many_outputs_list", _many_outputs_list),
    ("many_outputs_dict", _many_outputs_dict),
    ("nested_outputs", _nested_outputs),
    ("output_is_input_too", _output_is_input_too),
    ("same_output_twice", _same_output_twice),
    ("outputs_of_one_split", _outputs_of_one_split),
    ("nested_twice", _nested_twice),
    ("transfer_learning", _transfer_learning),
    ("shared_layer", _shared_layer),
    ("recurrent_in_depth", _recurrent_in_depth),
    ("sequential", _sequential),
    ("sequential_of_models", _sequential_of_models),
    ("ensemble", _ensemble),
    ("deep_chain", _deep_chain),
    ("operators", _operators),
    ("lambda_layers", _lambda),
    ("constant_added", _constant_added),
    ("odd_names", _odd_names),
    ("vae_encoder", _vae_encoder),
    ("vae_whole", _vae),
    ("mixed_float16", _with_policy("mixed_float16")),
    ("mixed_bfloat16", _with_policy("mixed_bfloat16")),
    ("quantized_int8_dense", _quantized),
)


# -- subclassed -----------------------------------


@keras.saving.register_keras_serializable(package="conformance")
class SubclassedClassifier(keras.Model):
    """A model whose call depends on `training` and that names no inputs."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.conv, self.norm = layers.Conv2D(6, 3, strides=2), layers.BatchNormalization()
        self.drop, self.head = layers.Dropout(0.4), layers.Dense(4)

    def call(self, image: Any, training: bool = False) -> Any:
        """(N, H, W, 3) -> (N, 4)."""
        h = ops.relu(self.norm(self.conv(image), training=training))
        h = ops.mean(h, axis=(1, 2))
        return self.head(self.drop(h, training=training) if training else h)


@keras.saving.register_keras_serializable(package="conformance")
class SubclassedPyramid(keras.Model):
    """Blocks in a list, a Python loop, a dictionary of outputs."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.blocks = [
            layers.Conv2D(4 + n, 3, strides=2, padding="same", activation="relu") for n in range(3)
        ]
        self.heads = [layers.Conv2D(2, 1) for _ in self.blocks]

    def call(self, image: Any) -> Any:
        """(N, H, W, 3) -> {"level_0": (N, H/2, W/2, 2), ...}."""
        outputs = {}
        for index, (block, head) in enumerate(zip(self.blocks, self.heads, strict=True)):
            image = block(image)
            outputs[f"level_{index}"] = head(image)
        return outputs


@keras.saving.register_keras_serializable(package="conformance")
class SubclassedPair(keras.Model):
    """Two inputs as a list, a tuple of outputs."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.left, self.right = layers.Dense(5, activation="tanh"), layers.Dense(5)

    def call(self, inputs: Any) -> Any:
        """[(N, 4), (N, 7)] -> (N, 5), (N, 5)."""
        first, second = inputs
        left, right = self.left(first), self.right(second)
        return left * right, ops.maximum(left, right)


def _subclassed_inside() -> keras.Model:
    image = keras.Input(_IMAGE, name="image")
    return keras.Model(image, layers.Dense(3)(SubclassedClassifier()(image)))


_SUBCLASSED = (
    Case("pattern_subclassed", "pattern", SubclassedClassifier, {"image": _IMAGE}),
    Case("pattern_subclassed_pyramid", "pattern", SubclassedPyramid, {"image": (16, 24, 3)}),
    Case(
        "pattern_subclassed_two_inputs",
        "pattern",
        SubclassedPair,
        {"input_0": (4,), "input_1": (7,)},
    ),
    Case("pattern_subclassed_inside_functional", "pattern", _subclassed_inside),
    Case("pattern_fixed_batch", "pattern", _fixed_batch, batches=(2,)),
)


# -- preprocessing in the model -------------------


def _augmented() -> keras.Model:
    """Resizing, a chain of augmentation, rescaling, a network: the tutorial's all-in-one model."""
    image = keras.Input((None, None, 3), name="image")
    h = layers.Resizing(12, 16)(image)
    h = layers.RandomFlip("horizontal_and_vertical")(h)
    h = layers.RandomZoom(0.2)(layers.RandomRotation(0.1)(h))
    h = layers.RandomContrast(0.2)(layers.RandomTranslation(0.1, 0.1)(h))
    return keras.Model(image, _classes(layers.Rescaling(1 / 127.5, offset=-1)(h)))


def _augmentation_nested() -> keras.Model:
    augment = keras.Sequential(
        [layers.RandomFlip(), layers.RandomRotation(0.2), layers.GaussianNoise(0.1)]
    )
    image = keras.Input(_IMAGE, name="image")
    return keras.Model(image, _classes(layers.Rescaling(1 / 255)(augment(image))))


def _adapted() -> keras.Model:
    normalize = layers.Normalization()
    normalize.adapt(np.random.default_rng(6).normal(110.0, 50.0, (4, *_IMAGE)).astype("float32"))
    image = keras.Input(_IMAGE, name="image")
    return keras.Model(image, _classes(normalize(image)))


def _bytes_in() -> keras.Model:
    image = keras.Input(_IMAGE, dtype="uint8", name="image")
    return keras.Model(image, _classes(layers.Rescaling(1 / 255)(image)))


def _cast_bytes() -> keras.Model:
    image = keras.Input(_IMAGE, dtype="uint8", name="image")
    return keras.Model(image, layers.Conv2D(4, 3)(ops.cast(image, "float32") / 127.5 - 1.0))


def _channel_order_swapped() -> keras.Model:
    """BGR for a caffe-style network: channels reversed, means subtracted."""
    image = keras.Input(_IMAGE, name="image")
    h = ops.subtract(image[..., ::-1], np.array([103.939, 116.779, 123.68], dtype="float32"))
    return keras.Model(image, layers.Conv2D(4, 3)(h / 100.0))


def _application_preprocessing(mode: str) -> Any:
    """keras.applications' own preprocess_input, called on the symbolic tensor."""
    function = {
        "tf": keras.applications.mobilenet_v2.preprocess_input,
        "caffe": keras.applications.resnet.preprocess_input,
        "torch": keras.applications.densenet.preprocess_input,
    }[mode]

    def build() -> keras.Model:
        image = keras.Input(_IMAGE, name="image")
        return keras.Model(image, layers.Conv2D(4, 3)(function(image)))

    return build


def _grayscale() -> keras.Model:
    image = keras.Input(_IMAGE, name="image")
    gray = ops.image.rgb_to_grayscale(layers.Rescaling(1 / 255)(image))
    return keras.Model(image, residual(layers.Concatenate()([gray, gray]), 5))


def _pixels(name: str, build: Any, **fields: Any) -> Case:
    return Case(f"pattern_{name}", "pattern", build, value_range=_PIXELS, **fields)


_PREPROCESSED = (
    _pixels("augmentation_in_model", _augmented, input_shapes={"image": (19, 25, 3)}),
    _pixels("augmentation_nested", _augmentation_nested),
    _pixels("normalization_adapted_in_model", _adapted),
    _pixels("uint8_image_rescaled", _bytes_in),
    _pixels("uint8_image_cast", _cast_bytes),
    _pixels("channels_swapped", _channel_order_swapped),
    _pixels("preprocess_input_tf", _application_preprocessing("tf")),
    _pixels("preprocess_input_caffe", _application_preprocessing("caffe")),
    _pixels("preprocess_input_torch", _application_preprocessing("torch")),
    _pixels("grayscale_in_model", _grayscale),
)
