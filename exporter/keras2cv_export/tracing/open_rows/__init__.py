"""Results with as many rows as are found: box selections that are not padded, and `tf.where`.

    boxes, scores -> NonMaxSuppressionV3 -> indices (?,) -> GatherV2 -> boxes (?, 4) -> outputs
                     NonMaxSuppressionV4    indices (K,)               boxes (K, 4)
                     mask (K,): which of the rows Keras has, always the first ones

A flat graph has fixed sizes alone. So each such tensor gets as many rows as there can be, and a
mask of those that are there (`rows.py`). What is read of the others never reaches an output: ops
that work row by row leave them where they are, the others are rewritten (`rules.py`), and an output
holds zeros there. All of it comes after the net, as steps that every language has.
"""
