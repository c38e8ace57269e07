"""What came of a backtest: one value for programs, one JSON shape for scripts, tables as CSV."""

from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Any, TextIO

import msgspec

from nimbus_tui.accounting.performance import sharpe
from nimbus_tui.control.rows import bot_row
from nimbus_tui.control.snapshots import BotSnapshot
from nimbus_tui.core.events import Error
from nimbus_tui.core.fill import Fill
from nimbus_tui.core.funding import FundingPayment
from nimbus_tui.core.ids import BotId
from nimbus_tui.core.market import Quote
from nimbus_tui.core.order import Order, OrderState
from nimbus_tui.engine.engine import Engine
from nimbus_tui.engine.snapshots import bot_snapshot
from nimbus_tui.journal import export
from nimbus_tui.simulation.backtest import BacktestResult


class BotReport(msgspec.Struct, frozen=True, kw_only=True):
    """What came of one bot; money in its quote."""

    bot: BotSnapshot
    """The bot as it stood at the end: position, equity, PnL, statistics."""
    fills: int
    orders_placed: int
    orders_cancelled: int
    rebalances: int
    max_drawdown: Decimal
    """Worst fall of the equity from its peak as a share of the peak, over every tick."""
    sharpe: float | None
    """Yearly Sharpe ratio of the daily returns; None where there are too few days."""
    win_rate: Decimal | None
    """Share of the closed cycles that gained; None while none has closed."""
    profit_factor: Decimal | None
    """Sum of the gains over the sum of the losses; None while there is no loss."""


class BacktestReport(msgspec.Struct, frozen=True, kw_only=True):
    """What came of a run; times in ns since the epoch."""

    ticks: int
    seconds: float
    """How long the run took."""
    first_ts: int
    last_ts: int
    bots: dict[BotId, BotReport]
    equity: tuple[tuple[int, Decimal], ...]
    """(time, equity of all bots): a point per fill and per minute."""
    fills: tuple[Fill, ...]
    """Every fill in order."""
    orders: tuple[Order, ...]
    """Every order, oldest first."""
    funding: tuple[FundingPayment, ...]
    """Every funding payment in order."""
    marks: tuple[Quote, ...]
    """The newest price of each symbol."""
    errors: tuple[Error, ...]
    """What went wrong on the way: each names its bot and has the traceback in `detail`."""


def report_of(engine: Engine, result: BacktestResult, seconds: float) -> BacktestReport:
    """The run as a value; the engine must still have its journal."""
    errors = engine.journal.events(types=["error"])
    return BacktestReport(
        ticks=result.ticks,
        seconds=round(seconds, 3),
        first_ts=result.first_ts,
        last_ts=result.last_ts,
        bots={bot_id: _bot_report(engine, result, bot_id) for bot_id in engine.bots},
        equity=tuple(result.equity),
        fills=tuple(engine.journal.fills()),
        orders=tuple(engine.journal.orders(limit=-1)[::-1]),
        funding=tuple(engine.journal.funding()),
        marks=tuple(result.marks),
        errors=tuple(event for event in errors if isinstance(event, Error)),
    )


def _bot_report(engine: Engine, result: BacktestResult, bot_id: BotId) -> BotReport:
    bot = engine.bots[bot_id]
    orders = engine.journal.orders(bot_id=bot_id, limit=-1)
    ratio = sharpe(result.bot_equity[bot_id])
    return BotReport(
        bot=bot_snapshot(engine, bot),
        fills=bot.books.fills,
        orders_placed=len(orders),
        orders_cancelled=sum(order.state is OrderState.CANCELLED for order in orders),
        rebalances=bot.saved.rebalances,
        max_drawdown=result.max_drawdown[bot_id].quantize(Decimal("1e-10")),
        sharpe=None if ratio is None else round(ratio, 4),
        win_rate=bot.cycles.win_rate,
        profit_factor=bot.cycles.profit_factor,
    )


def report_row(report: BacktestReport) -> dict[str, Any]:
    """The run as the JSON document that scripts rely on."""
    return {
        "ticks": report.ticks,
        "seconds": report.seconds,
        "from": report.first_ts,
        "to": report.last_ts,
        "bots": {bot_id: _bot_row(bot) for bot_id, bot in report.bots.items()},
        "equity": report.equity,
    }


def _bot_row(report: BotReport) -> dict[str, Any]:
    own = msgspec.structs.asdict(report)
    return bot_row(own.pop("bot")) | own


def write_tables(report: BacktestReport, folder: Path) -> None:
    """Write the tables under other names first, so that none is ever half there."""
    folder.mkdir(parents=True, exist_ok=True)
    writers: dict[str, Callable[[TextIO], None]] = {
        "fills.csv": lambda stream: export.write_fills(report.fills, stream),
        "orders.csv": lambda stream: export.write_orders(report.orders, stream),
        "funding.csv": lambda stream: export.write_funding(report.funding, stream),
        "marks.csv": lambda stream: export.write_marks(report.marks, stream),
        "equity.csv": lambda stream: export.write_equity(report.equity, stream),
    }
    for name, write in writers.items():
        partial = folder / f".{name}.partial"
        with partial.open("w", encoding="utf-8", newline="") as stream:
            write(stream)
        partial.replace(folder / name)
