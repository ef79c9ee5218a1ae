"""The verb `bench`: measure a bundle's speed beside its Keras model and other runtimes.

Every subject runs in a process of its own (`child`), all take turns (`measure`), and a subject
whose answers are not TensorFlow's has no result (`answers`).
"""
