"""Do two checkouts export the same files? For a change that must leave every bundle as it was.

    cd benchmarks
    python -m campaigns.same_files export OLD_CHECKOUT before
    python -m campaigns.same_files export .. after
    python -m campaigns.same_files compare before after

The first two commands write the bundles of the conformance sample, the third compares them.
"""
