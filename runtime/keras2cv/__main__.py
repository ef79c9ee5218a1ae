"""`python -m keras2cv`, the same as `keras2cv`."""

import os
import sys


def _leave_current_folder() -> None:
    """Let no import lead to the current folder, as `-P` does from Python 3.11 on."""
    home = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))  # noqa: PTH100, PTH120
    if not getattr(sys.flags, "safe_path", False) and sys.path[0] == os.getcwd() != home:  # noqa: PTH109
        del sys.path[0]


if __name__ == "__main__":
    _leave_current_folder()
    from keras2cv.cli import main

    sys.exit(main())
