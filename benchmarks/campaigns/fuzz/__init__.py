"""Mutated files into everything that reads files: a right answer or one of our errors comes out.

python -m campaigns.fuzz --seed 1 --count 100000

corpus   -> real files of every kind: exported bundles, saved models, pictures, clips
mutating -> one of them, changed: single bytes, or what the format means
kinds    -> what the product does with such a file, and what is a right answer
children -> that, in forked processes without a network, with bounds on memory and time
harness  -> all kinds, side by side; failures are made smaller and kept as files
"""
