"""All of the venue that has no sockets: who holds what, what rests, and the news of it."""

from collections import deque
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from nimbus_tui.core.clock import NS_PER_MS, Clock
from tests.exchanges.hyperliquid.server.accounts import Account, Agent, Leverage, Nonces
from tests.exchanges.hyperliquid.server.audit import Audit
from tests.exchanges.hyperliquid.server.book import Book
from tests.exchanges.hyperliquid.server.grain import text
from tests.exchanges.hyperliquid.server.orders import Order
from tests.exchanges.hyperliquid.server.universe import Universe

FIRST_OID = 62_014_000_000
FIRST_TID = 437_413_095_000_000
DEFAULT_LEVERAGE = 20
STRANGER = "0x" + "5" * 40
PAST_TRADES = 30
DAY_MS = 86_400_000


@dataclass
class Readings:
    """How the points are read that the reference leaves open, and limits to play with."""

    greets: bool = True
    duplicate_cloid_refused: bool = False
    partial_gtc_rests: bool = False
    """A `Gtc` order that fills in part answers `resting` instead of `filled`."""
    partial_updates: bool = False
    """A partial fill of a resting order causes an `orderUpdates`."""
    passed_trigger_refused: bool = False
    """A trigger that has passed already is refused instead of waking at once."""
    fills_before_orders: bool = False
    snapshots_marked: bool = True
    """Increments lack `isSnapshot`; else they carry `false`."""
    scheduled_cancel_volume: Decimal = Decimal(1_000_000)
    nonce_window: tuple[int, int] = (2 * DAY_MS, DAY_MS)
    """How far a nonce may lie behind and ahead of the venue's time, ms."""
    weight_per_minute: int = 1200
    connections: int = 10
    connections_per_minute: int = 30
    subscriptions: int = 1000
    users: int = 10
    messages_per_minute: int = 2000
    posts_in_flight: int = 100
    idle_s: float = 60.0
    """A socket to which nothing was sent for so long is left."""
    control_pings: bool = True
    """Pings of the WebSocket protocol itself are answered."""
    dead_linger_s: float = 5.0
    """How long a dead socket stays after its client has said goodbye."""
    keep_alive_s: float = 180.0
    """An idle HTTP connection is closed after this."""
    posts_weigh: bool = True
    """Requests over a socket count for the weight of the IP too."""
    data_before_ack: bool = False
    """The first data of a subscription comes before its acknowledgement."""
    strict_modify: bool = True
    """Without `a: true` what replaces an order must be post-only or not cross the book."""
    status_lag_ms: int = 0
    """`orderStatus` doesn't know younger orders yet."""
    block_s: float = 0.0
    """How long every action takes until it is in a block."""


@dataclass
class News:
    """Something that subscribers may want to know: a channel, of whom or what, the payload."""

    channel: str
    key: str
    payload: Any = None


@dataclass
class VenueTime:
    """The venue's clock, which may differ from everybody's."""

    clock: Clock
    offset_ms: int = 0

    def now(self) -> int:
        """Unix ms."""
        return self.clock.now() // NS_PER_MS + self.offset_ms


@dataclass
class World:
    """The venue's state; every change is whole before anybody hears of it."""

    universe: Universe
    time: VenueTime
    mainnet: bool = False
    readings: Readings = field(default_factory=Readings)
    accounts: dict[str, Account] = field(default_factory=dict)
    nonces: dict[str, Nonces] = field(default_factory=dict)
    books: dict[str, Book] = field(default_factory=dict)
    orders: dict[int, Order] = field(default_factory=dict)
    audit: Audit = field(default_factory=Audit)
    news: deque[News] = field(default_factory=deque)
    post_only: bool = False
    """Just after an upgrade: nothing but post-only orders."""
    retired_agents: set[str] = field(default_factory=set)
    _oid: int = FIRST_OID
    _tid: int = FIRST_TID

    def __post_init__(self) -> None:
        for coin, market in self.universe.markets.items():
            book = Book(market, market.start, market.start, market.start)
            book.trades.extend(self._past_trade(book, age) for age in range(PAST_TRADES, 0, -1))
            self.books[coin] = book

    def _past_trade(self, book: Book, age: int) -> dict[str, Any]:
        """A trade of strangers before anybody came; they are what `trades` replays."""
        buy = age % 3 > 0
        levels = [*(book.asks if buy else book.bids), *book.asks]
        tid = self.next_tid()
        return {
            "coin": book.market.coin,
            "side": "B" if buy else "A",
            "px": text(levels[age % min(4, len(levels))].px),
            "sz": text(Decimal(age).scaleb(-book.market.sz_decimals)),
            "time": self.now() - age * 700,
            "hash": hash_of(tid),
            "tid": tid,
            "users": [STRANGER, STRANGER],
        }

    def now(self) -> int:
        """Unix ms of the venue."""
        return self.time.now()

    def next_oid(self) -> int:
        """A number for an order; they have gaps, as others trade too."""
        self._oid += 7
        return self._oid

    def next_tid(self) -> int:
        """A number for a trade."""
        self._tid += 31
        return self._tid

    def tell(self, channel: str, key: str, payload: Any = None) -> None:
        """Let subscribers know."""
        self.news.append(News(channel, key, payload))

    def account(self, address: str) -> Account:
        """The account of an address; one that was never funded is empty and not kept."""
        return self.accounts.get(address.lower()) or Account(address.lower(), role="missing")

    def open_account(self, address: str, usdc: Decimal = Decimal(0), **more: Any) -> Account:
        """Fund an address: a user, or with `role` and `owner` a sub-account or vault."""
        account = self.accounts.setdefault(address.lower(), Account(address.lower(), **more))
        account.usdc += usdc
        delta = {"type": "deposit", "usdc": str(usdc)}
        row = {"time": self.now(), "hash": hash_of(len(account.ledger)), "delta": delta}
        account.ledger.append(row)
        self.tell("userNonFundingLedgerUpdates", account.address, row)
        return account

    def master_of(self, signer: str) -> Account | None:
        """The account that a key signs for: its own, or the one that has approved it."""
        if signer in self.accounts:
            return self.accounts[signer]
        agent = self.agent(signer)
        return agent[0] if agent and agent[1].valid_until > self.now() else None

    def agent(self, address: str) -> tuple[Account, Agent] | None:
        """The account that has approved an agent, and how."""
        for account in self.accounts.values():
            for agent in account.agents:
                if agent.address == address:
                    return account, agent
        return None

    def leverage(self, account: Account, coin: str) -> Leverage:
        """What is set for a coin, or what holds if nothing is."""
        market = self.universe.markets[coin]
        default = Leverage(not market.only_isolated, min(DEFAULT_LEVERAGE, market.max_leverage))
        return account.leverage.get(coin, default)

    def set_status(self, order: Order, status: str) -> None:
        """Change what an order is, and tell it."""
        order.status = status
        order.changed = self.now()
        order.recorded_left = order.left
        self.tell("orderUpdates", order.user, order.update())


def hash_of(number: int) -> str:
    """Something that looks like the hash of a transaction."""
    return f"0x{number:064x}"
