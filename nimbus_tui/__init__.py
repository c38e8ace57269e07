"""nimbus-tui: trading bots that declare the orders they want, and an engine that makes it so."""

__version__ = "0.1.0"
