"""The whole suite, in a fixed order."""

from __future__ import annotations

from functools import cache

from . import (
    applications,
    layers_activation,
    layers_attention,
    layers_conv,
    layers_dense,
    layers_merge,
    layers_normalization,
    layers_pooling,
    layers_preprocessing,
    layers_regularization,
    layers_reshape,
    layers_rnn,
    ops_math,
    ops_nn,
    ops_shape,
    ops_tensorflow,
    patterns_backbones,
    patterns_dense,
    patterns_detection,
    patterns_sequences,
    patterns_wiring,
)
from .case import Case

_FAMILIES = (
    layers_conv,
    layers_pooling,
    layers_normalization,
    layers_activation,
    layers_merge,
    layers_reshape,
    layers_dense,
    layers_rnn,
    layers_attention,
    layers_preprocessing,
    layers_regularization,
    ops_math,
    ops_shape,
    ops_nn,
    ops_tensorflow,
    patterns_backbones,
    patterns_dense,
    patterns_detection,
    patterns_sequences,
    patterns_wiring,
    applications,
)


# Some of every family, preferably cases that exporters and engines often get wrong.
_SAMPLE = (
    "conv2d_valid",
    "conv2d_same_stride2_odd_even",
    "conv2d_dilated_same",
    "conv2d_groups3_stride2",
    "conv2d_channels_first",
    "conv1d_causal_dilated",
    "conv3d_same_stride2",
    "depthwise_conv2d_multiplier",
    "conv2d_transpose_k3s2_same",
    "conv2d_transpose_output_padding_valid",
    "conv1d_transpose_same_stride2",
    "max_pooling2d_same_overlapping",
    "average_pooling2d_same",
    "global_average_pooling3d",
    "adaptive_average_pooling2d_uneven",
    "batch_normalization_after_dense",
    "layer_normalization_two_axes",
    "group_normalization_as_instance",
    "activation_gelu",
    "activation_celu",
    "activation_hard_silu_conv",
    "prelu_per_channel",
    "softmax_image_two_axes",
    "relu_all_options",
    "multiply_broadcast_one_channel",
    "concatenate_rows",
    "dot_cosine",
    "reshape_conv_output_to_series",
    "flatten_conv_then_dense",
    "up_sampling2d_bicubic",
    "zero_padding2d_uneven",
    "dense_image",
    "einsum_dense_heads",
    "embedding_mask_zero_lstm",
    "bidirectional_lstm_sequences",
    "gru",
    "lstm_backwards",
    "masked_bidirectional_lstm",
    "masked_gru_decoder",
    "lstm_initial_state_from_encoder",
    "conv_lstm2d_same",
    "time_distributed_conv2d",
    "multi_head_causal",
    "attention_scaled",
    "normalization_adapted",
    "resizing_bilinear_antialias_down",
    "resizing_open_size",
    "augmentation_random_flip",
    "dropout_is_the_whole_model",
    "ops_where_log",
    "ops_cumsum_columns",
    "ops_roll_columns",
    "ops_pad_reflect",
    "ops_tf_strided_slice",
    "pattern_unet_transposed",
    "pattern_deeplab_aspp",
    "pattern_ssd",
    "pattern_yolo_v8_decoded",
    "pattern_crnn",
    "pattern_vit_class_token",
    "pattern_swin_shifted_windows",
    "pattern_siamese_distance",
    "pattern_super_resolution_depth_to_space",
    "pattern_image_and_table",
    "pattern_many_outputs_dict",
    "pattern_nested_twice",
    "pattern_subclassed",
    "pattern_mixed_float16",
    "pattern_head_top_k",
    "application_mobilenetv2",
)


@cache
def all_cases() -> tuple[Case, ...]:
    """Every case, in a fixed order, names unique."""
    return tuple(case for family in _FAMILIES for case in family.cases())


def sample_cases() -> tuple[Case, ...]:
    """The part of the suite that every run takes: the same cases every time."""
    by_name = {case.name: case for case in all_cases()}
    return tuple(by_name[name] for name in _SAMPLE)
