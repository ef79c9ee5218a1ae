"""Measure how the code is laid out: rooms, arrows, floors, circles, lines, words.

    cd benchmarks
    python -m campaigns.house                      # this checkout
    python -m campaigns.house OTHER_CHECKOUT --json house.json
    python -m campaigns.house --touched COMMIT..COMMIT

Needs the standard library alone, and reads sources without importing them, so that it measures any
checkout. `tests/test_house.py` holds the rules over the same imports.
"""
