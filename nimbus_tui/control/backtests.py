"""What a client asks of backtests, and what it hears of them; paths are on the engine's machine."""

from decimal import Decimal
from enum import Enum

import msgspec

from nimbus_tui.control.snapshots import BotSnapshot
from nimbus_tui.core.fill import Fill
from nimbus_tui.core.ids import BotId, Symbol

CELLS_AT_MOST = 100
"""Runs that one sweep may consist of."""


class BacktestBot(msgspec.Struct, frozen=True, kw_only=True):
    """One bot of a config, as far as a run needs to know it."""

    bot_id: BotId
    strategy: str
    symbols: tuple[Symbol, ...]
    parameters: dict[str, str]
    """What the config says of it, by dotted key, as text."""


class BacktestSetup(msgspec.Struct, frozen=True, kw_only=True):
    """What can be run: the bots of a config, and the price files there are for them."""

    config: str
    """The config's path."""
    bots: tuple[BacktestBot, ...] = ()
    files: dict[Symbol, tuple[str, ...]] = msgspec.field(default_factory=dict)
    """Of each symbol the price files that bear its name in the remembered folders, best first."""
    folders: tuple[str, ...] = ()
    """Folders that price files were taken from, the last one first."""
    problem: str = ""
    """Why this config can't be run; empty where it can."""

    @property
    def symbols(self) -> tuple[Symbol, ...]:
        """All that its bots trade, in the order of the config."""
        return tuple(dict.fromkeys(symbol for bot in self.bots for symbol in bot.symbols))


class Sweep(msgspec.Struct, frozen=True, kw_only=True):
    """One grid run again and again: every spacing with every number of levels."""

    bot_id: BotId
    spacings: tuple[Decimal, ...]
    """Percent."""
    levels: tuple[int, ...]

    @property
    def cells(self) -> int:
        """How many runs that makes."""
        return len(self.spacings) * len(self.levels)


class BacktestRequest(msgspec.Struct, frozen=True, kw_only=True):
    """One run, or with `sweep` many."""

    config: str
    """Path of a config; empty = the engine's own."""
    data: dict[Symbol, str]
    """Of each symbol a price file, or a pattern with * for several that follow each other."""
    sweep: Sweep | None = None


class RunState(Enum):
    """How a run stands."""

    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"
    CANCELLED = "cancelled"


class SweepCell(msgspec.Struct, frozen=True, kw_only=True):
    """One cell of a sweep; money in the bot's quote."""

    spacing: Decimal
    levels: int
    pnl: Decimal | None = None
    """Equity at the end less the capital; None where that grid could not be run."""
    max_drawdown: Decimal = Decimal(0)
    """A share of the peak."""
    round_trips: int = 0
    fees: Decimal = Decimal(0)
    problem: str = ""


class BacktestRun(msgspec.Struct, frozen=True, kw_only=True):
    """One run and how far it is."""

    number: int
    """From 1 on, in the order of their beginning."""
    request: BacktestRequest
    state: RunState
    share: float = 0.0
    """0 to 1."""
    ticks: int = 0
    elapsed_s: float = 0.0
    eta_s: float | None = None
    """How long it will still take; None while nobody can tell."""
    problem: str = ""
    """Why it failed."""
    pnl: Decimal | None = None
    """What all its bots gained or lost; None before the end and after a sweep."""
    cells: tuple[SweepCell, ...] = ()
    """The cells of a sweep that are done."""


class BacktestedBot(msgspec.Struct, frozen=True, kw_only=True):
    """What came of one bot; money in its quote."""

    bot: BotSnapshot
    """As it stood at the end."""
    parameters: dict[str, str]
    fills: int
    orders_placed: int
    orders_cancelled: int
    max_drawdown: Decimal
    """Worst fall of the equity from its peak as a share of the peak, over every tick."""
    sharpe: float | None
    win_rate: Decimal | None
    """A share of 1."""
    profit_factor: Decimal | None


class BacktestResult(msgspec.Struct, frozen=True, kw_only=True):
    """What came of a run; times in ns."""

    number: int
    ticks: int
    seconds: float
    first_ts: int
    last_ts: int
    bots: tuple[BacktestedBot, ...]
    equity: tuple[tuple[int, Decimal], ...]
    """(time, equity of all bots), thinned; the ends, peaks and falls are kept."""
    fills: tuple[Fill, ...]
    """The newest, oldest first."""
    all_fills: int
    """How many there were."""
    errors: tuple[str, ...] = ()
    """What went wrong on the way, each thing once."""
