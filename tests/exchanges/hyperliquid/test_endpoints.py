"""The venue's addresses by network, and others in their place."""

import pytest

from nimbus_tui.core.errors import ConfigError
from nimbus_tui.exchanges.hyperliquid.endpoints import Endpoints, endpoints
from nimbus_tui.exchanges.hyperliquid.signing import Network


@pytest.mark.parametrize(
    ("network", "expected"),
    [
        (
            Network.MAINNET,
            Endpoints("https://api.hyperliquid.xyz", "wss://api.hyperliquid.xyz/ws"),
        ),
        (
            Network.TESTNET,
            Endpoints(
                "https://api.hyperliquid-testnet.xyz", "wss://api.hyperliquid-testnet.xyz/ws"
            ),
        ),
    ],
)
def test_each_network_has_its_own(network: Network, expected: Endpoints) -> None:
    assert endpoints(network) == expected


def test_either_may_be_replaced() -> None:
    replaced = endpoints(
        Network.TESTNET, rest_url="http://127.0.0.1:8080/", ws_url="ws://[::1]:9/ws"
    )
    assert replaced == Endpoints("http://127.0.0.1:8080", "ws://[::1]:9/ws")
    assert replaced.host == "127.0.0.1:8080"
    assert endpoints(Network.MAINNET, ws_url="wss://proxy/ws").host == "api.hyperliquid.xyz"


@pytest.mark.parametrize(
    "url",
    [
        "api.hyperliquid.xyz",
        "ftp://host",
        "wss://host",
        "https://",
        "https://host:port",
        "https://user:secret@host",
        "https://host?x=1",
        "https://[",
    ],
)
def test_what_is_no_address_is_refused_with_what_is_allowed(url: str) -> None:
    with pytest.raises(ConfigError, match=r"^rest_url must look like https://host") as caught:
        endpoints(Network.TESTNET, rest_url=url)
    assert "secret" not in str(caught.value)
