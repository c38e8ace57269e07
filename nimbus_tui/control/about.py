"""What a screen has to know of an engine beside its figures."""

import msgspec


class EngineAbout(msgspec.Struct, frozen=True, kw_only=True):
    """Which process an engine is, and what it was started on."""

    name: str
    pid: int
    """Its process."""
    config: str = ""
    """Absolute path of its config file; empty where it has none."""
