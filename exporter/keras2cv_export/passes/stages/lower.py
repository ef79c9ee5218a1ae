"""The last passes: forms of nodes on which importers differ."""

from __future__ import annotations

from keras2cv_export.passes.legalise.products.complete_gemm import complete_gemm
from keras2cv_export.passes.legalise.products.part_matmul import part_matmul
from keras2cv_export.passes.legalise.reductions.part_normalization import part_normalization
from keras2cv_export.passes.legalise.reductions.state_softmax_axis import state_softmax_axis
from keras2cv_export.passes.legalise.reductions.sum_axes_to_attribute import sum_axes_to_attribute
from keras2cv_export.passes.legalise.shapes.name_last_states import name_last_states
from keras2cv_export.passes.legalise.shapes.name_nodes_apart import name_nodes_apart
from keras2cv_export.passes.legalise.shapes.own_concat_constants import own_concat_constants
from keras2cv_export.passes.legalise.shapes.own_small_constants import own_small_constants
from keras2cv_export.passes.legalise.shapes.slice_neighbours import slice_neighbours
from keras2cv_export.passes.legalise.types.clip_to_attributes import clip_to_attributes
from keras2cv_export.passes.legalise.types.declare_opset import declare_opset
from keras2cv_export.passes.legalise.types.keep_hard_sigmoid import keep_hard_sigmoid
from keras2cv_export.passes.legalise.windows.activate_apart import activate_apart
from keras2cv_export.passes.legalise.windows.leave_blocks import leave_blocks
from keras2cv_export.passes.optimise.order_residuals import order_residuals
from keras2cv_export.passes.optimise.share_weights import share_weights
from keras2cv_export.passes.registry import Rewrite, anywhere, where_some_fail
from keras2cv_export.targets.importers import CLASSIC, NEW

LOWER: tuple[Rewrite, ...] = (
    Rewrite(
        sum_axes_to_attribute,
        removes=("axes of reduction",),
        after={"reduce_one_block": "it reads the axes as an input"},
    ),
    Rewrite(slice_neighbours, removes=("axes apart",)),
    Rewrite(part_matmul, removes=("merged product",), after={"merge_reshapes": "it would undo it"}),
    Rewrite(
        part_normalization,
        removes=("merged normalization",),
        after={"merge_reshapes": "it would undo it"},
    ),
    Rewrite(
        activate_apart,
        removes=("lost activation",),
        also_for=dict.fromkeys(CLASSIC, "readNet of 5.0 gives such a file to the new engine"),
        after={"merge_reshapes": "it would undo it"},
        before={"name_nodes_apart": "it makes nodes"},
    ),
    Rewrite(
        leave_blocks,
        removes=("filled block",),
        also_for=dict.fromkeys(CLASSIC, "readNet of 5.0 gives such a file to the new engine"),
        after={"merge_reshapes": "products with 1 are dropped there"},
        before={"name_nodes_apart": "it makes nodes"},
    ),
    Rewrite(state_softmax_axis, removes=("softmax without axis",)),
    Rewrite(keep_hard_sigmoid, removes=("mistaken gate",)),
    Rewrite(
        name_last_states,
        removes=("lone output", "unnamed state"),
        also_for=dict.fromkeys(CLASSIC, "readNet of 5.0 gives such a file to the new engine"),
        before={"name_nodes_apart": "it makes nodes"},
    ),
    Rewrite(
        complete_gemm,
        fits=where_some_fail("bounds as inputs"),
        before={"clip_to_attributes": "that looks for nodes that opset 10 lacks"},
    ),
    Rewrite(
        clip_to_attributes,
        removes=("bounds as inputs",),
        after={
            "bounds_to_clip": "it reads the bounds of a Clip as inputs",
            "sum_axes_to_attribute": "opset 10 has the axes there",
            "state_softmax_axis": "opset 10 has another default",
        },
        before={"name_nodes_apart": "it may make nodes"},
    ),
    Rewrite(own_concat_constants, removes=("joined twice",)),
    Rewrite(own_small_constants, removes=("added twice",)),
    Rewrite(
        name_nodes_apart,
        removes=("same names",),
        also_for=dict.fromkeys(NEW, "ONNX Runtime, which runs the file too, refuses them"),
        after={"part_matmul": "it makes nodes", "part_normalization": "the same"},
    ),
    # Faster on both engines of 5.0: docs/optimisations.md.
    Rewrite(
        order_residuals,
        fits=anywhere,
        after={"name_nodes_apart": "nodes are ordered once no pass makes new ones"},
    ),
    # A smaller file.
    Rewrite(
        share_weights,
        fits=anywhere,
        after={
            "own_concat_constants": "any pass before it may have made another copy",
            "own_small_constants": "the same; what these copy on purpose is too small to share",
        },
    ),
    Rewrite(
        declare_opset,
        fits=anywhere,
        after={
            "clip_to_attributes": "it writes a form of opset 10",
            "sum_axes_to_attribute": "one of 12",
        },
    ),
)
