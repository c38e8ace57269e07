"""What the engine shows of itself: bots, panels and the whole, as values for its clients."""

from collections.abc import Sequence
from decimal import Decimal
from typing import TYPE_CHECKING

from nimbus_tui.control.snapshots import (
    BotDetail,
    BotSnapshot,
    EngineSnapshot,
    ExchangeSnapshot,
    Statistic,
    Update,
)
from nimbus_tui.core.fill import Fill
from nimbus_tui.core.ids import BotId
from nimbus_tui.core.version import __version__
from nimbus_tui.engine.bot import Bot
from nimbus_tui.engine.panels import bot_panel
from nimbus_tui.engine.recall import recalled
from nimbus_tui.engine.statistics import statistics_of
from nimbus_tui.engine.venue_clocks import worst_offset
from nimbus_tui.journal.base import Journal

if TYPE_CHECKING:
    from nimbus_tui.engine.engine import Engine

ZERO = Decimal(0)
EVENTS_SHOWN = 200
FILLS_SHOWN = 100


def bot_snapshot(engine: "Engine", bot: Bot) -> BotSnapshot:
    """One bot as a row."""
    spec = engine.specs[bot.bot_id]
    single = next(iter(bot.instruments)) if len(bot.instruments) == 1 else None
    position = bot.books.position(single) if single is not None else None
    quote = bot.prices.get(single) if single is not None else None
    marks = bot.marks()
    equity = bot.books.equity(marks)
    start_of_day = bot.saved.day_equity if bot.saved.day_equity is not None else equity
    bot.look()
    statistics = statistics_of(bot, engine.clock.now())
    return BotSnapshot(
        bot_id=bot.bot_id,
        strategy=spec.strategy_name,
        exchange=spec.exchange,
        symbol=single,
        symbols=tuple(bot.instruments),
        mode=spec.mode,
        state=bot.standing.state,
        risk=bot.standing.risk_step.label,
        reason=_reason(bot),
        price=quote.price if quote else None,
        price_ts=quote.ts if quote else None,
        position=position.quantity if position else None,
        average_cost=_short(position.average_cost) if position else None,
        realized_pnl=bot.books.realized_pnl,
        unrealized_pnl=bot.books.unrealized_pnl(marks),
        pnl_today=equity - start_of_day,
        fees=bot.books.fees,
        funding=bot.books.funding,
        equity=equity,
        capital=bot.books.capital,
        round_trips=_count(statistics.get("round_trips")),
        open_orders=len(bot.keeper.live),
        quote=bot.quote,
        statistics=statistics,
        since=bot.saved.since,
        on_stop="close" if bot.standing.policy.close_on_stop else "keep",
    )


def _reason(bot: Bot) -> str:
    if bot.is_frozen:
        return "its strategy raised; it rests and will be tried again"
    return bot.standing.risk_reason or bot.record.reason or bot.guard.complaint


def _count(value: Statistic) -> int:
    is_number = isinstance(value, int | float) or (isinstance(value, str) and value.isdigit())
    return int(value) if is_number else 0  # type: ignore[arg-type]


def _short(number: Decimal | None) -> Decimal | None:
    """An average for people: ten digits behind the point."""
    return None if number is None else number.quantize(Decimal("1e-10"))


def bot_detail(engine: "Engine", bot: Bot) -> BotDetail:
    """A bot's panel, live orders and newest fills."""
    bot.look()
    return BotDetail(
        bot_id=bot.bot_id,
        panel=bot_panel(bot),
        orders=tuple(bot.keeper.live.values()),
        fills=tuple(recalled(engine, lambda journal: _newest_fills(journal, bot))),
        held_back=dict(bot.reviewed.held_back),
    )


def _newest_fills(journal: Journal, bot: Bot) -> Sequence[Fill]:
    return journal.fills(bot_id=bot.bot_id, limit=FILLS_SHOWN, newest=True)


def engine_snapshot(engine: "Engine") -> EngineSnapshot:
    """The engine without its bots."""
    bots = list(engine.bots.values())
    counted = engine.accounts.counted
    told = [engine.accounts.equity[name] for name in counted if name in engine.accounts.equity]
    offset = worst_offset(engine.exchanges.values())
    worst = max((bot.standing.risk_step for bot in bots), default=None)
    return EngineSnapshot(
        name=engine.settings.name,
        version=__version__,
        state=engine.state,
        risk="emergency" if engine.emergency.latched else worst.label if worst else "normal",
        mode=engine.accounts.mode,
        equity=sum(told, ZERO) if told else None,
        exposure=sum((_exposure(bot) for bot in bots if bot.orders.name in counted), ZERO),
        currency=engine.settings.currency,
        started_ns=engine.started_ns,
        now_ns=engine.clock.now(),
        seq=engine.bus.seq,
        exchanges=tuple(_exchange(engine, name) for name in engine.exchanges),
        emergency=engine.emergency.progress,
        clock_offset_ms=None if offset is None else offset.ms,
        audit=engine.auditor.verdict,
        close_in_emergency=engine.settings.close_in_emergency,
    )


def _exposure(bot: Bot) -> Decimal:
    marks = bot.marks()
    return sum((abs(bot.position(s)) * p for s, p in marks.items()), ZERO)


def _exchange(engine: "Engine", name: str) -> ExchangeSnapshot:
    exchange = next(e for e in engine.exchanges.values() if e.name == name)
    status = exchange.connection_status()
    return ExchangeSnapshot(
        name=exchange.name,
        type=type(exchange).__name__.removesuffix("Exchange").lower(),
        link=status.link.value,
        detail=status.detail,
        ping_ms=status.ping_ms,
        data_age_ms=status.data_age_ms,
        reconnects=status.reconnects,
        rate_used=status.rate_used,
        clock_offset_ms=status.clock_offset_ms,
    )


def update_since(engine: "Engine", after: int, focus: BotId | None, seen_seq: int) -> Update:
    """What has changed since a revision."""
    complete = after <= 0 or after < engine.revisions.roster
    bots = [
        bot
        for bot_id, bot in engine.bots.items()
        if complete or engine.revisions.bots[bot_id] > after
    ]
    focused = engine.bots.get(focus) if focus is not None else None
    fresh = focused is not None and (complete or engine.revisions.bots[focused.bot_id] > after)
    return Update(
        revision=engine.revisions.newest,
        engine=engine_snapshot(engine),
        bots=tuple(bot_snapshot(engine, bot) for bot in bots),
        complete=complete,
        events=engine.bus.since(seen_seq)[-EVENTS_SHOWN:],  # type: ignore[arg-type]
        detail=bot_detail(engine, focused) if focused is not None and fresh else None,
    )
