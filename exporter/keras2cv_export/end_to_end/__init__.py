"""An image file through both whole pipelines, and where the difference between them arises.

    file -decode-> pixels -resize-> pixels -normalise-> input -net-> outputs

Keras' side is done by the libraries themselves (`reference_pictures`), as the user trained
(`way.Way`); the bundle's by the code that the device runs. `walk` exchanges one stage after the
other, so that each stage's part of the difference shows, in its own unit and in the outputs.
"""
