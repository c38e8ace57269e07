"""How a screen looks when it opens, and why it closed."""

from enum import Enum
from pathlib import Path

import msgspec


class Farewell(Enum):
    """Why the screen closed."""

    STOP_KEEP_ORDERS = "stop_keep_orders"
    STOP_CANCEL_ORDERS = "stop_cancel_orders"
    HANGUP = "hangup"
    """The terminal is gone; the engine is not."""
    TERMINATED = "terminated"


class ScreenOptions(msgspec.Struct, frozen=True, kw_only=True):
    """How the screen looks."""

    title: str
    theme: str = "nimbus-dark"
    fps: int = 15
    theme_folders: tuple[Path, ...] = ()
