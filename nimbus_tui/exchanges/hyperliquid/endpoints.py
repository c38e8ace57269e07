"""Where Hyperliquid is reached.

Source: the protocol reference, "Endpoints".
"""

from urllib.parse import urlsplit

import msgspec

from nimbus_tui.core.errors import ConfigError
from nimbus_tui.exchanges.hyperliquid.signing import Network

WEIGHT_PER_MINUTE = 1200
"""What all REST requests of one IP address may weigh together."""


class Endpoints(msgspec.Struct, frozen=True):
    """The base of the REST routes, without a slash at its end, and the WebSocket."""

    rest: str
    websocket: str

    @property
    def host(self) -> str:
        """By whom requests are counted: the REST host."""
        return urlsplit(self.rest).netloc


_HOSTS = {
    Network.MAINNET: "api.hyperliquid.xyz",
    Network.TESTNET: "api.hyperliquid-testnet.xyz",
}


def endpoints(
    network: Network, *, rest_url: str | None = None, ws_url: str | None = None
) -> Endpoints:
    """The venue's own addresses, or others in their place: a proxy's, a test server's.

    Raises:
        ConfigError: one of the others is no address of its kind.
    """
    host = _HOSTS[network]
    rest = f"https://{host}" if rest_url is None else _checked("rest_url", rest_url, "http")
    stream = f"wss://{host}/ws" if ws_url is None else _checked("ws_url", ws_url, "ws")
    return Endpoints(rest, stream)


def _checked(key: str, url: str, scheme: str) -> str:
    """The address without a slash at its end. It isn't shown if it is wrong: it may hold a key."""
    refusal = ConfigError(f"{key} must look like {scheme}s://host or {scheme}://host:port")
    try:
        parts = urlsplit(url)
        sound = parts.scheme in {scheme, f"{scheme}s"} and bool(parts.hostname)
        _ = parts.port
    except ValueError:
        raise refusal from None
    if not sound or parts.query or parts.fragment or parts.username is not None:
        raise refusal
    return url.rstrip("/")
