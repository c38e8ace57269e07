"""Level 2: rules about one bot's results: daily loss, drawdown, losing streak, order rate."""

from decimal import Decimal

from nimbus_tui.core.risk import RiskInput
from nimbus_tui.risk.equity_track import EquityTrack, Point, day_ago, day_point, is_mixed
from nimbus_tui.risk.limits import RiskLimits
from nimbus_tui.risk.rule import EVERYTHING, OFF, Measure, unusable, worst
from nimbus_tui.risk.states import BotInputs, StrategyState
from nimbus_tui.risk.streak import cooled

ZERO = Decimal(0)
HUNDRED = Decimal(100)


def own_equity(strategy: StrategyState) -> Decimal | None:
    """The equity without transfers, as the track keeps it; None where it isn't known."""
    value = strategy.equity.value
    return None if value is None else value - strategy.transfers


def daily_loss(bot: BotInputs, limits: RiskLimits) -> Measure:
    """Fall of the equity since the day's start and over 24 hours, in percent; the worse counts."""
    limit, strategy = limits.daily_loss, bot.strategy
    if limit is None:
        return OFF
    track, own = strategy.track, own_equity(strategy)
    if track is None or own is None or not _comparable(strategy, track):
        return _bad_equity(strategy, limit)
    ago = day_ago(track, bot.now_ns)
    if ago is None:
        return unusable(limit, RiskInput.MIXED, "the equity of 24 hours ago is not known")
    rolling = "24 h" if ago is not track.first else "since the start"
    today = day_point(track, bot.now_ns, limits.day_start_ns)
    windows = ((today, f"since {limits.day_start} UTC"), (ago, rolling))
    if any(is_mixed(track, point.ts) for point, _ in windows):
        return unusable(limit, RiskInput.MIXED, "the marks of the last 24 hours differ in origin")
    measures = [_fall(strategy, own, point, words, limit) for point, words in windows]
    return worst(measures, measures[0])


def drawdown(bot: BotInputs, limits: RiskLimits) -> Measure:
    """Fall of the equity from its peak, in percent of the peak; the start is the first peak."""
    limit, strategy = limits.drawdown, bot.strategy
    if limit is None:
        return OFF
    track, own = strategy.track, own_equity(strategy)
    if track is None or own is None or not _comparable(strategy, track):
        return _bad_equity(strategy, limit)
    if track.peak_is_mixed:
        return unusable(
            limit, RiskInput.MIXED, "the peak was measured with other marks; reset the drawdown"
        )
    peak = Point(track.first.ts, max(track.peak, own))
    return _fall(strategy, own, peak, "since the start or the last reset", limit)


def _fall(
    strategy: StrategyState, own: Decimal, start: Point, window: str, limit: Decimal
) -> Measure:
    """Fall from an earlier equity in percent of it, transfers in the percentage but not the fall.

    10,000 with 5,000 brought in later, now 14,250: a fall of 750 from 15,000, 5 percent.
    """
    base = start.equity + strategy.transfers
    if base <= ZERO:
        return unusable(
            limit, RiskInput.MISSING, f"there was no equity {window} to measure against"
        )
    return Measure(
        measured=max(ZERO, start.equity - own) / base * HUNDRED,
        limit=limit,
        source=strategy.equity.source,
        age_ms=strategy.equity.age_ms,
        window=window,
        detail=f"from {base:.2f} to {own + strategy.transfers:.2f}",
    )


def consecutive_losses(bot: BotInputs, limits: RiskLimits) -> Measure:
    """Cycles in a row that closed at a loss; 0 again after the cooldown."""
    limit = limits.consecutive_losses
    if limit is None:
        return OFF
    streak = cooled(bot.strategy.streak, bot.now_ns, limits.cooldown_ns)
    tripped = "" if streak.tripped_ns is None else f"; pauses for {limits.cooldown}"
    return Measure(
        measured=Decimal(streak.count),
        limit=Decimal(limit),
        source="cycles",
        detail=f"cycles in a row with a loss{tripped}",
    )


def order_rate(bot: BotInputs, limits: RiskLimits) -> Measure:
    """Orders and cancels of the last minute, and the new orders that wait for their turn."""
    sent = bot.strategy.orders.per_minute(bot.now_ns)
    waiting = bot.strategy.waiting
    return Measure(
        measured=Decimal(sent + waiting),
        limit=limits.order_rate,
        concerns=EVERYTHING,
        source="orders sent",
        window="1 min",
        detail=f"{sent} sent, {waiting} waiting",
    )


def _comparable(strategy: StrategyState, track: EquityTrack) -> bool:
    """Whether the equity is good and of the same marks as the track."""
    equity = strategy.equity
    return equity.problem is RiskInput.GOOD and equity.source == track.origin


def _bad_equity(strategy: StrategyState, limit: Decimal) -> Measure:
    problem, track = strategy.equity.problem, strategy.track
    if track is not None and problem is RiskInput.GOOD:
        problem = RiskInput.MIXED  # the track is of other marks
    if problem is RiskInput.GOOD:  # then it is the track that isn't there
        problem = RiskInput.MISSING
    return unusable(
        limit,
        problem,
        f"the bot's equity is {problem.value}",
        source=strategy.equity.source,
        age_ms=strategy.equity.age_ms,
    )
