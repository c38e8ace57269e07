"""What subscribers are told: at once when they subscribe, then with every block."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from tests.exchanges.hyperliquid.server import states
from tests.exchanges.hyperliquid.server.book import REPLAYED
from tests.exchanges.hyperliquid.server.candles import Tape
from tests.exchanges.hyperliquid.server.info import MOST_ROWS, Desk
from tests.exchanges.hyperliquid.server.subscriptions import OF_USER, Subscription
from tests.exchanges.hyperliquid.server.world import News, World

FAST_LEVELS = 5
STATES = frozenset({"openOrders", "clearinghouseState", "webData3", "activeAssetData"})
Data = dict[str, Any]


@dataclass(frozen=True)
class Frame:
    """A message for all who have subscribed to `kind` of `key`."""

    kind: str
    key: str
    channel: str
    data: Any
    detail: str | None = None
    """A candle's interval, the coin of an `activeAssetData`, `fast` of a book."""

    @property
    def is_of_user(self) -> bool:
        """It tells of somebody's account, not of the market."""
        return self.kind in OF_USER

    def text(self) -> Data:
        """As it goes over the wire."""
        return {"channel": self.channel, "data": self.data}


class Streams:
    """Turns news into frames."""

    def __init__(self, world: World, desk: Desk, tapes: dict[str, Tape]) -> None:
        self._world = world
        self._desk = desk
        self._tapes = tapes
        self._last_bbo: dict[str, Any] = {}
        self.subscribed: Callable[[], set[Subscription]] = set
        """All that anybody listens to; what nobody hears isn't worked out."""

    def at_start(self, wanted: Subscription) -> list[Frame]:
        """What comes right after a subscription."""
        coin, user = wanted.coin or "", wanted.user or ""
        account = self._world.account(user) if user else None
        match wanted.type:
            case "trades":
                trades = list(self._world.books[coin].trades)[-REPLAYED:]
                return [Frame("trades", coin, "trades", trades)]
            case "userFills" if account:
                fills = account.fills[: -MOST_ROWS - 1 : -1]
                data: Data = {"isSnapshot": True, "user": user, "fills": fills}
                return [Frame("userFills", user, "userFills", data)]
            case "userFundings" if account:
                paid = account.fundings[: -MOST_ROWS - 1 : -1]
                data = {"isSnapshot": True, "user": user, "fundings": paid}
                return [Frame("userFundings", user, "userFundings", data)]
            case "userNonFundingLedgerUpdates" if account:
                data = {
                    "isSnapshot": True,
                    "user": user,
                    "nonFundingLedgerUpdates": account.ledger[-MOST_ROWS:],
                }
                return [Frame(wanted.type, user, wanted.type, data)]
            case "candle" | "orderUpdates" | "userEvents" | "notification":
                return []
            case "l2Book":
                return [self.book(wanted)]
            case _:
                return list(self._now(wanted.type, coin, user))

    def book(self, wanted: Subscription) -> Frame:
        """A whole book as a subscription wants it; a fast one has few levels."""
        coin, most = str(wanted.coin), FAST_LEVELS if wanted.fast else 20
        data = self._desk.l2_book(coin, most, wanted.nSigFigs, wanted.mantissa)
        if wanted.fast:
            data["fast"] = True
        return Frame("l2Book", coin, "l2Book", data, wanted.width)

    def of(self, news: Iterable[News]) -> list[Frame]:
        """The frames of one block: those of accounts, then those of the market."""
        by_channel: dict[str, dict[str, list[Any]]] = defaultdict(lambda: defaultdict(list))
        for item in news:
            by_channel[item.channel][item.key].append(item.payload)
        frames = list(self._of_fills(by_channel["fill"]))
        orders = [
            Frame("orderUpdates", user, "orderUpdates", updates)
            for user, updates in by_channel["orderUpdates"].items()
        ]
        first_fills = self._world.readings.fills_before_orders
        frames = [*frames, *orders] if first_fills else [*orders, *frames]
        frames += self._of_events(by_channel)
        touched = {
            user for kind in ("fill", "orderUpdates", "funding") for user in by_channel[kind]
        }
        return [*frames, *self._of_states(touched), *self._of_market(by_channel)]

    def _of_states(self, users: set[str]) -> Iterator[Frame]:
        """Whole states of accounts to which something has happened."""
        for wanted in sorted(self.subscribed(), key=str):
            if wanted.user in users and wanted.type in STATES:
                yield from self._now(wanted.type, wanted.coin or "", wanted.user or "")

    def _increment(self, user: str, **rows: Any) -> Data:
        marked = {} if self._world.readings.snapshots_marked else {"isSnapshot": False}
        return {"user": user, **rows, **marked}

    def _of_fills(self, fills: dict[str, list[Any]]) -> Iterator[Frame]:
        for user, rows in fills.items():
            yield Frame("userFills", user, "userFills", self._increment(user, fills=rows))
            yield Frame("userEvents", user, "user", {"fills": rows})

    def _of_events(self, by_channel: dict[str, dict[str, list[Any]]]) -> Iterator[Frame]:
        for user, rows in by_channel["funding"].items():
            data = self._increment(user, fundings=rows)
            yield Frame("userFundings", user, "userFundings", data)
            for row in rows:
                yield Frame("userEvents", user, "user", {"funding": row})
        for user, rows in by_channel["liquidation"].items():
            for row in rows:
                yield Frame("userEvents", user, "user", {"liquidation": row})
        for user, rows in by_channel["nonUserCancel"].items():
            yield Frame("userEvents", user, "user", {"nonUserCancel": rows})
        kind = "userNonFundingLedgerUpdates"
        for user, rows in by_channel[kind].items():
            data = self._increment(user, nonFundingLedgerUpdates=rows)
            yield Frame(kind, user, kind, data)
        for user, coins in by_channel["activeAssetData"].items():
            for coin in coins:
                yield from self._now("activeAssetData", coin, user)
        for user, texts in by_channel["notification"].items():
            for text in texts:
                yield Frame("notification", user, "notification", {"notification": text})

    def _of_market(self, by_channel: dict[str, dict[str, list[Any]]]) -> Iterator[Frame]:
        for coin, trades in by_channel["trades"].items():
            for trade in trades:
                px, size = Decimal(trade["px"]), Decimal(trade["sz"])
                self._tapes[coin].add(trade["time"], px, size)
            yield Frame("trades", coin, "trades", trades)
            for interval in {s.interval for s in self.subscribed() if s.coin == coin} - {None}:
                candle = self._tapes[coin].forming(str(interval), self._world.now())
                yield Frame("candle", coin, "candle", candle, interval)
        for coin in by_channel["bbo"]:
            bbo = self._world.books[coin].bbo()
            if self._last_bbo.get(coin) != bbo:
                self._last_bbo[coin] = bbo
                yield from self._now("bbo", coin, "")
            yield from self._now("activeAssetCtx", coin, "")
        if by_channel["allMids"]:
            yield from self._now("allMids", "", "")

    def _now(self, kind: str, coin: str, user: str) -> Iterator[Frame]:
        """What a channel says at this moment."""
        world = self._world
        match kind:
            case "allMids":
                yield Frame("allMids", "", "allMids", {"mids": self._desk.mids()})
            case "bbo":
                data = {"coin": coin, "time": world.now(), "bbo": world.books[coin].bbo()}
                yield Frame("bbo", coin, "bbo", data)
            case "activeAssetCtx":
                book = world.books[coin]
                channel = "activeSpotAssetCtx" if book.market.spot else "activeAssetCtx"
                data = {"coin": coin, "ctx": book.context()}
                yield Frame("activeAssetCtx", coin, channel, data)
            case "openOrders":
                orders = states.full_orders(world.account(user))
                yield Frame(kind, user, kind, {"dex": "", "user": user, "orders": orders})
            case "clearinghouseState":
                state = states.clearinghouse(world, world.account(user))
                data = {"dex": "", "user": user, "clearinghouseState": state}
                yield Frame(kind, user, kind, data)
            case "activeAssetData":
                data = states.asset_data(world, world.account(user), coin)
                yield Frame(kind, user, kind, data, coin)
            case "webData3":
                yield Frame(kind, user, kind, self._web_data(user))
            case _:
                raise AssertionError(kind)

    def _web_data(self, user: str) -> Data:
        return {
            "userState": {
                "agentAddress": None,
                "agentValidUntil": None,
                "cumLedger": "0.0",
                "serverTime": self._world.now(),
                "isVault": self._world.account(user).role == "vault",
                "user": user,
            },
            "perpDexStates": [{"totalVaultEquity": "0.0"}],
        }
