"""What a screen has to know of an engine beside its figures."""

import msgspec

from nimbus_tui.core.ids import BotId


class EngineAbout(msgspec.Struct, frozen=True, kw_only=True):
    """Which process an engine is, what it was started on, and what its config decides."""

    name: str
    pid: int
    """Its process."""
    config: str = ""
    """Absolute path of its config file; empty where it has none."""
    on_stop: dict[BotId, str] = msgspec.field(default_factory=dict)
    """What becomes of each bot's position when it is stopped: keep or close."""
    close_in_emergency: bool = False
    """Whether an emergency closes the positions too."""
