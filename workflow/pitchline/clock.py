"""The present moment: the machine's clock, or for a simulation one that is set by a file.

``PITCHLINE_CLOCK`` names a file that holds the seconds to add to the machine's clock. It is read
each time, so whoever writes it moves every process. It is refused in production.
"""

import os
import time
from datetime import UTC, datetime
from pathlib import Path

from pitchline import environment
from pitchline.errors import PitchlineError

VARIABLE = "PITCHLINE_CLOCK"


def offset_seconds() -> float:
    """Seconds that the clock's file adds; 0 without one.

    Raises:
        PitchlineError: the variable is set in production, or its file holds no number.
    """
    name = os.environ.get(VARIABLE)
    if not name:
        return 0.0
    if os.environ.get(environment.VARIABLE) == "prod":
        raise PitchlineError(
            f"{VARIABLE}={name}: a clock that can be set is for simulations; unset it, "
            f"{environment.VARIABLE} is prod."
        )
    try:
        return float(Path(name).read_text(encoding="ascii"))
    except (OSError, ValueError) as error:
        raise PitchlineError(
            f"{name}: holds no number of seconds ({error}). Write one, such as 86400, "
            f"or unset {VARIABLE}."
        ) from error


def now() -> datetime:
    """The present moment in UTC."""
    return datetime.fromtimestamp(time.time() + offset_seconds(), tz=UTC)
