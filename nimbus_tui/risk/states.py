"""What the rules read: the state of a bot, of an account and of the engine, as values."""

from collections.abc import Mapping
from decimal import Decimal

import msgspec

from nimbus_tui.core.ids import Asset, BotId, ExchangeName, Symbol
from nimbus_tui.core.instrument import MarketType, parse_symbol
from nimbus_tui.core.risk import RiskInput
from nimbus_tui.risk.equity_track import EquityTrack
from nimbus_tui.risk.order_rate import OrderRate
from nimbus_tui.risk.streak import LosingStreak

ZERO = Decimal(0)


class Input(msgspec.Struct, frozen=True, kw_only=True):
    """One number that a rule looks at, and how good it is."""

    value: Decimal | None
    """None where it should be known and isn't."""
    source: str = ""
    """Where it comes from, e.g. `marks of sim`."""
    window: str = ""
    """Over which time it was taken, where it was."""
    age_ms: int | None = None
    """How old it is; None where that doesn't matter."""
    quality: RiskInput = RiskInput.GOOD
    """STALE and MIXED are for who makes the input to say; a value that is None is MISSING."""

    @property
    def problem(self) -> RiskInput:
        """GOOD, or why it must not be trusted."""
        return RiskInput.MISSING if self.value is None else self.quality


class Holding(msgspec.Struct, frozen=True, kw_only=True):
    """What one bot has of one symbol, and what rests; quantities in base units."""

    bot_id: BotId
    symbol: Symbol
    quantity: Decimal = ZERO
    """Signed position."""
    buys: Decimal = ZERO
    """What is still to fill of all its buys that may rest, those whose answer is lost too."""
    sells: Decimal = ZERO
    """The same of its sells."""
    mark: Input
    """Mark price at the venue that is traded, in the currency of the equity beside it."""

    @property
    def asset(self) -> Asset:
        """What is bought and sold."""
        return parse_symbol(self.symbol).base

    @property
    def is_perpetual(self) -> bool:
        """Whether it is a contract on margin."""
        return parse_symbol(self.symbol).market is MarketType.PERPETUAL

    @property
    def is_empty(self) -> bool:
        """Whether there is nothing that a mark would be needed for."""
        return not (self.quantity or self.buys or self.sells)

    @property
    def worst_quantity(self) -> Decimal:
        """The largest position, of either sign, that any sequence of fills can lead to."""
        return worst_quantity(self.quantity, self.buys, self.sells)


def worst_quantity(quantity: Decimal, buys: Decimal, sells: Decimal) -> Decimal:
    """The largest abs(position) on the way from one side's fills only to the other's.

    Long 1 with buys of 2 and sells of 5 resting: 4, short.
    """
    return max(abs(quantity), abs(quantity + buys), abs(quantity - sells))


class PositionState(msgspec.Struct, frozen=True, kw_only=True):
    """One symbol of one bot, for the rules of level 1."""

    holding: Holding
    average_cost: Decimal | None = None
    """In quote with fees in; None when flat."""
    opened_ns: int | None = None
    """When the position left zero; None when flat."""
    beyond_since: int | None = None
    """Since when the mark is beyond the stop loss, ns; see `position.beyond_since`."""


class StrategyState(msgspec.Struct, frozen=True, kw_only=True):
    """A bot's results, for the rules of level 2; money in its quote."""

    equity: Input
    """What the bot is worth now, transfers in."""
    transfers: Decimal = ZERO
    """What was brought in less what was taken out since the track began (claims, capital)."""
    track: EquityTrack | None = None
    """Peak, day's start and last 24 hours, without transfers; None before the books are open."""
    streak: LosingStreak = LosingStreak()
    orders: OrderRate = OrderRate()
    waiting: int = 0
    """New orders that are held back by the order rate now."""


class StreamState(msgspec.Struct, frozen=True, kw_only=True):
    """One stream of a venue that a bot needs."""

    name: str
    """E.g. `prices of ETH/USDC` or `account`."""
    last_data_ns: int | None
    """When data came last, a pong on a user channel included; None: never since the start."""
    resynced: bool = True
    """Whether orders and fills have been compared since the last gap."""


class BotInputs(msgspec.Struct, frozen=True, kw_only=True):
    """All that the rules of one bot read."""

    bot_id: BotId
    now_ns: int
    positions: tuple[PositionState, ...]
    """Each of its symbols, flat ones too."""
    strategy: StrategyState
    streams: tuple[StreamState, ...] = ()
    """Empty where nothing can be silent (a backtest)."""
    refusals: int = 0
    """How often in a row one key was refused for one reason; the worst of its keys."""
    refused: str = ""
    """That key and reason in words."""


class BookState(msgspec.Struct, frozen=True, kw_only=True):
    """Several bots' holdings and what stands behind them, in one currency."""

    equity: Input
    holdings: tuple[Holding, ...] = ()


class BudgetState(msgspec.Struct, frozen=True, kw_only=True):
    """One budget of requests at a venue."""

    name: str
    """E.g. `weight a minute` or `requests of the address`."""
    used: Input
    allowed: Decimal


class AccountInputs(msgspec.Struct, frozen=True, kw_only=True):
    """All that the rules of one account read; `book.equity` is the margin equity."""

    exchange: ExchangeName
    now_ns: int
    book: BookState
    budgets: tuple[BudgetState, ...] = ()
    """Empty where the venue counts nothing (paper)."""


class SystemState(msgspec.Struct, frozen=True, kw_only=True):
    """What may end all trading, beside the equity's floor."""

    operator: str = ""
    """The operator's word for an emergency; empty while there is none."""
    journal_problem: str = ""
    """Why the journal can't be written; empty while it can."""
    clock_offset_s: Input | None = None
    """Seconds that the clock of the venue that is furthest off is ahead of ours; None where no
    venue has one."""
    rejects_per_minute: int = 0
    foreign_orders: tuple[str, ...] = ()
    """Orders with our tag that we did not send since the start."""


class EngineInputs(msgspec.Struct, frozen=True, kw_only=True):
    """All that the rules over everything read; money in the engine's currency."""

    now_ns: int
    book: BookState
    clusters: tuple[frozenset[Asset], ...] = ()
    """Assets that move together, see `correlation.clusters`; an asset in none is its own."""
    system: SystemState = SystemState()


AnyInputs = BotInputs | AccountInputs | EngineInputs
Closes = Mapping[Asset, Mapping[int, Decimal]]
"""Hourly closing prices by asset and hour since the epoch."""
