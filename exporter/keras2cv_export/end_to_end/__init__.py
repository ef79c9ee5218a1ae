"""An image file through both whole pipelines, and the stages in which their results differ.

    file -decode-> pixels -resize-> pixels -normalise-> input -net-> outputs

The libraries themselves do Keras' side (`reference_pictures`), as the user trained
(`reference_preprocessing`); the code that the device runs does the bundle's. `walk` exchanges one
stage after the other, so that each stage's part of the difference shows, in its own unit and in the
outputs.
"""
