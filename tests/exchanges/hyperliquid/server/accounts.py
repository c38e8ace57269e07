"""Whose money it is: balances, positions, keys, budgets."""

from collections import defaultdict
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from tests.exchanges.hyperliquid.server.orders import Order

FREE_REQUESTS = 10_000
KEPT_NONCES = 100


@dataclass
class Leverage:
    """What is set for a coin."""

    cross: bool
    value: int


@dataclass
class Position:
    """One net position; `size` is signed."""

    size: Decimal
    entry: Decimal
    isolated: Decimal = Decimal(0)
    """USDC set aside for it alone; 0 for a cross position."""
    funding_open: Decimal = Decimal(0)
    funding_change: Decimal = Decimal(0)

    def profit(self, mark: Decimal) -> Decimal:
        """Unrealized, in USDC."""
        return self.size * (mark - self.entry)


@dataclass
class Holding:
    """One coin of the spot side."""

    total: Decimal = Decimal(0)
    cost: Decimal = Decimal(0)


@dataclass
class Agent:
    """A key that may sign for an account."""

    address: str
    name: str
    valid_until: int


@dataclass(eq=False)
class Account:
    """One address that holds something."""

    address: str
    role: str = "user"
    owner: str = ""
    """Who signs for it, if it is a sub-account or a vault."""
    usdc: Decimal = Decimal(0)
    """The perpetual side's cash: deposits, realized gains, fees and funding; of cross positions."""
    positions: dict[str, Position] = field(default_factory=dict)
    leverage: dict[str, Leverage] = field(default_factory=dict)
    spot: dict[str, Holding] = field(default_factory=lambda: defaultdict(Holding))
    orders: list[Order] = field(default_factory=list)
    fills: list[dict[str, Any]] = field(default_factory=list)
    fundings: list[dict[str, Any]] = field(default_factory=list)
    ledger: list[dict[str, Any]] = field(default_factory=list)
    agents: list[Agent] = field(default_factory=list)
    cloids: set[str] = field(default_factory=set)
    volume: Decimal = Decimal(0)
    """USDC traded since inception."""
    free_requests: int = FREE_REQUESTS
    requests: int = 0
    last_beyond: int = 0
    """When an action last passed beyond the budget, ms."""
    cut_down: dict[str, int] = field(default_factory=dict)
    """When a big position was last liquidated in part, by coin, ms."""
    cancel_at: int | None = None
    firings: dict[int, int] = field(default_factory=lambda: defaultdict(int))
    """How often the dead man's switch has fired, by day."""
    funding_total: dict[str, Decimal] = field(default_factory=lambda: defaultdict(Decimal))
    abstraction: str = "default"
    taker: Decimal = Decimal("0.00045")
    maker: Decimal = Decimal("0.00015")
    spot_taker: Decimal = Decimal("0.0007")
    spot_maker: Decimal = Decimal("0.0004")
    _open: list[Order] = field(default_factory=list)

    @property
    def open_orders(self) -> list[Order]:
        """Those that live, oldest first."""
        self._open = [order for order in self._open if order.is_open]
        return self._open

    def keep(self, order: Order) -> None:
        """Remember an order for ever; it has its first status already."""
        self.orders.append(order)
        self._open.append(order)

    @property
    def request_cap(self) -> int:
        """How many requests the address may have made."""
        return self.free_requests + int(self.volume)

    def position_size(self, coin: str) -> Decimal:
        """Signed; 0 if flat."""
        position = self.positions.get(coin)
        return position.size if position else Decimal(0)


@dataclass
class Nonces:
    """The highest nonces of one signer."""

    kept: list[int] = field(default_factory=list)
    burned: set[int] = field(default_factory=set)
    """Those that a noop has used: what comes later with one of them was meant to be refused."""

    def refusal(self, nonce: int, now: int, window: tuple[int, int]) -> str | None:
        """Why a nonce isn't taken, or None: then it is used up."""
        past, future = window
        if nonce in self.kept:
            return f"Invalid nonce: duplicate nonce {nonce}"
        smallest = min(self.kept) if len(self.kept) >= KEPT_NONCES else 0
        lowest = max(smallest, now - past)
        if nonce <= lowest:
            return f"Invalid nonce: nonce too low {nonce} < {lowest}"
        if nonce >= now + future:
            return f"Invalid nonce: nonce too high {nonce} > {now + future}"
        self.kept = sorted([*self.kept, nonce])[-KEPT_NONCES:]
        return None
