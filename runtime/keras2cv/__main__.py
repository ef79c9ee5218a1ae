"""`python -m keras2cv`, the same as `keras2cv`."""

import sys

from keras2cv.cli import main

sys.exit(main())
