"""How a screen looks when it opens, and why it closed."""

from collections.abc import Mapping
from enum import Enum
from pathlib import Path

import msgspec

from nimbus_tui.config.model import Glyphs, Notify


class Farewell(Enum):
    """Why the screen closed."""

    DETACH = "detach"
    """Only the screen was closed; offered where the engine lives on without it."""
    STOP_KEEP_ORDERS = "stop_keep_orders"
    STOP_CANCEL_ORDERS = "stop_cancel_orders"
    HANGUP = "hangup"
    """The terminal is gone; the engine is not."""
    TERMINATED = "terminated"
    ENDED = "ended"
    """The engine had ended before."""
    CRASHED = "crashed"
    """The screen has failed; its traceback stands on the terminal."""
    RESTART = "restart"
    """The engine has ended, and is to be started again."""


class Outside(msgspec.Struct, frozen=True, kw_only=True):
    """What is told beside the screen."""

    bell: bool = True
    notify: Notify = Notify.OFF
    title: bool = True


class ScreenOptions(msgspec.Struct, frozen=True, kw_only=True):
    """How the screen looks and what it may offer."""

    title: str
    theme: str = "nimbus-dark"
    """Name of a theme, or `auto` for one that the terminal can show."""
    glyphs: Glyphs = Glyphs.UNICODE
    """Signs that go to the terminal."""
    outside: Outside = Outside()
    fps: int = 15
    """Most paints a second."""
    theme_folders: tuple[Path, ...] = ()
    mouse: bool = True
    keys: Mapping[str, str] = msgspec.field(default_factory=dict)
    """Keys that are not the usual ones, by action, commas between them."""
    draft_folder: Path | None = None
    """Where what is typed in the config editor and not saved outlives the screen, if anywhere."""
    demo: bool = False
    """Nothing is kept, so quitting has nothing to ask."""
    may_detach: bool = False
    """Whether the engine can outlive the screen, so that one may leave it running."""
    may_restart: bool = False
    """Whether an engine that has ended can be started again from here."""
