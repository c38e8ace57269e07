"""The fixtures of the venue, for its own tests."""

from tests.exchanges.hyperliquid.server.fixtures import sdk, server

__all__ = ["sdk", "server"]
