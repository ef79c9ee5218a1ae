"""The first steps of a model that OpenCV has no layers for, such as looking words up, in NumPy.

A net takes numbers. Where a model begins with text, or hashes what it is given, the steps of the
manifest's `front` make the net's inputs of a user's values, exactly as TensorFlow does. A front
holds no code and no patterns: only operations of a list, with sizes that are bounded.

    values -texts-> words -lookup-> whole numbers -encode-> the net's inputs
           -hashes-----------------------------^
"""
