"""nimbus-tui: trading bots that declare the orders they want, and an engine that makes it so."""

from nimbus_tui.core.version import __version__

__all__ = ["__version__"]
