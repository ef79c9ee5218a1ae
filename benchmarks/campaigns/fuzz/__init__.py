"""Feed mutated files to every reader: it must give a right answer or one of our errors.

python -m campaigns.fuzz --seed 1 --count 100000

corpus   -> real files of every kind: exported bundles, saved models, pictures, clips
mutating -> one of them, changed: single bytes, or parts that the format defines
kinds    -> the verbs that read such a file, and the check of their answer
children -> runs them in forked processes without a network, with bounds on memory and time
campaign -> one kind's share of a run; failures are made smaller and kept as files
"""
