"""The fixtures of the venue, for its own tests; they need the official SDK."""

from importlib.util import find_spec

import pytest

if find_spec("hyperliquid") is None:
    collect_ignore_glob = ["test_*.py"]
else:
    from tests.exchanges.hyperliquid.server.fixtures import sdk, server
    from tests.exchanges.hyperliquid.server.offline import world_of_two
    from tests.exchanges.hyperliquid.server.world import World

    __all__ = ["sdk", "server", "world"]

    @pytest.fixture
    def world() -> World:
        """A venue with two accounts, without sockets."""
        return world_of_two()
