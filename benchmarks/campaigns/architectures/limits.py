"""How long an emulated machine may take."""

from __future__ import annotations

from typing import Final

from keras2cv.isolation import Limits

# A net of seconds on a machine takes minutes by emulation, and starting Python takes up to 20 s.
LIMITS: Final = Limits(1800.0, 600.0, None)
