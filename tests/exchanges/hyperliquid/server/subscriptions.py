"""What a socket may subscribe to, and how the server echoes it."""

from dataclasses import dataclass
from typing import Any

from tests.exchanges.hyperliquid.server.candles import INTERVALS
from tests.exchanges.hyperliquid.server.world import World

OF_COIN = frozenset({"bbo", "l2Book", "trades", "candle", "activeAssetCtx"})
OF_USER = frozenset(
    {"orderUpdates", "userFills", "userEvents", "userFundings", "userNonFundingLedgerUpdates"}
    | {"openOrders", "clearinghouseState", "webData3", "notification", "activeAssetData"}
)
ADDRESS_LENGTH = 42


class BadSubscription(Exception):
    """The server answers on channel `error`."""


class UnknownCoin(Exception):
    """The server closes the socket without a word."""


@dataclass(frozen=True)
class Subscription:
    """One stream of a socket, normalised."""

    type: str
    coin: str | None = None
    user: str | None = None
    interval: str | None = None
    nSigFigs: int | None = None  # noqa: N815
    mantissa: int | None = None
    fast: bool | None = None
    aggregateByTime: bool | None = None  # noqa: N815

    def echo(self) -> dict[str, Any]:
        """As the acknowledgement tells it."""
        told = {name: value for name, value in vars(self).items() if value is not None}
        if self.type == "l2Book":
            told = {"nSigFigs": None, "mantissa": None} | told
        return told

    @property
    def width(self) -> str:
        """Which of the books of a coin it is."""
        return f"{self.nSigFigs} {self.mantissa} {bool(self.fast)}"

    def wants(self, kind: str, key: str, detail: str | None) -> bool:
        """A frame of a kind, about a coin or user, is for it; `detail`: see `Frame`."""
        if self.type != kind or key not in (self.coin, self.user, ""):
            return False
        match kind:
            case "candle":
                return detail == self.interval
            case "activeAssetData":
                return detail == self.coin and key == self.user
            case "l2Book":
                return detail == self.width
            case _:
                return True


def read_subscription(raw: Any, world: World) -> Subscription:
    """A subscription from what was sent.

    Raises:
        BadSubscription: it is none.
        UnknownCoin: its coin doesn't exist.
    """
    if not isinstance(raw, dict):
        raise BadSubscription(f"Invalid subscription {raw}")
    kind = str(raw.get("type"))
    unreadable = BadSubscription(f"Error parsing JSON into valid websocket request: {raw}")
    if kind not in OF_COIN | OF_USER | {"allMids"}:
        raise unreadable
    coin, user = raw.get("coin"), raw.get("user")
    needs_coin = kind in OF_COIN or kind == "activeAssetData"
    if needs_coin and not isinstance(coin, str):
        raise unreadable
    if kind in OF_USER and not (isinstance(user, str) and len(user) == ADDRESS_LENGTH):
        raise unreadable
    if needs_coin and coin not in world.books:
        raise UnknownCoin(str(coin))
    numbers = (raw.get("nSigFigs"), raw.get("mantissa"), raw.get("fast"))
    odd = any(not isinstance(number, int | None) for number in numbers)
    odd = odd or numbers[0] not in {None, 2, 3, 4, 5} or numbers[1] not in {None, 1, 2, 5}
    if odd or (kind == "candle" and str(raw.get("interval")) not in INTERVALS):
        raise BadSubscription(f"Invalid subscription {raw}")
    return Subscription(
        type=kind,
        coin=coin if needs_coin else None,
        user=str(user).lower() if kind in OF_USER else None,
        interval=raw["interval"] if kind == "candle" else None,
        nSigFigs=raw.get("nSigFigs") if kind == "l2Book" else None,
        mantissa=raw.get("mantissa") if kind == "l2Book" else None,
        fast=raw.get("fast") if kind == "l2Book" else None,
        aggregateByTime=bool(raw.get("aggregateByTime")) if kind == "userFills" else None,
    )
