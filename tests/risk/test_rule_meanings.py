"""What single rules measure, and when what they measure counts."""

from decimal import Decimal

import msgspec
import pytest

from nimbus_tui.core.clock import NS_PER_SECOND
from nimbus_tui.core.ids import Symbol
from nimbus_tui.core.risk import RiskInput, RiskStep
from nimbus_tui.risk.equity_track import DAY_NS, observed
from nimbus_tui.risk.limits import AccountLimits, EngineLimits, RiskLimits
from nimbus_tui.risk.states import StreamState, SystemState
from nimbus_tui.risk.streak import LosingStreak
from nimbus_tui.risk.table import read_bot
from nimbus_tui.risk.thresholds import Thresholds
from tests.risk.inputs import (
    MARKS,
    NOW,
    account,
    bot,
    engine,
    holding,
    number,
    position,
    results,
    said,
)
from tests.risk.rule_cases import EMERGENCY, ETH, PAUSE, STOP, THROTTLE, WARNING, N, equity_at


def test_steps_of_ones_own_take_the_place_of_the_specified_ones() -> None:
    limits = RiskLimits(drawdown=Decimal(10), steps={"drawdown": Thresholds(warning=Decimal(20))})
    for percent, step in ((19, RiskStep.NORMAL), (20, WARNING), (85, THROTTLE)):
        made = bot(strategy=results(equity_at(Decimal(percent))))
        assert said("drawdown", made, limits).reading.step == step


def test_a_stop_loss_waits_for_its_confirmation_by_time_or_by_distance() -> None:
    limits = RiskLimits(
        stop_loss=Decimal(10), confirm_seconds=Decimal(5), confirm_percent=Decimal(2)
    )
    since = NOW - 5 * NS_PER_SECOND

    def step(mark: str, beyond_since: int | None) -> RiskStep:
        return said(
            "stop_loss", bot(position(mark=mark, beyond_since=beyond_since)), limits
        ).reading.step

    assert step("90", NOW) == WARNING
    assert step("90", since + 1) == WARNING
    assert step("90", since) == STOP
    assert step("88.01", NOW) == WARNING
    assert step("88", NOW) == STOP
    assert step("90.01", since) == WARNING


def test_the_size_counts_the_orders_that_would_add_and_not_those_that_reduce() -> None:
    def measured(**resting: Decimal) -> Decimal | None:
        made = bot(position(holding=holding("2", "10", **resting)))
        limits = RiskLimits(position_size=Decimal(100))
        return said("position_size", made, limits).reading.measured

    assert measured() == 20
    assert measured(sells=Decimal(2)) == 20
    assert measured(buys=Decimal(3)) == 50
    assert measured(sells=Decimal(7)) == 50


def test_a_position_that_is_too_old_is_closed_only_where_that_is_chosen() -> None:
    old = bot(position(opened_ns=NOW - 101 * NS_PER_SECOND))
    kept = said("position_age", old, RiskLimits(position_age="100s"))
    closed = said("position_age", old, RiskLimits(position_age="100s", close_old_position=True))
    assert (kept.asks, kept.reading.closes) == (PAUSE, False)
    assert (closed.asks, closed.reading.closes) == (STOP, True)


def test_f29_neither_deposits_nor_an_empty_history_trip_anything() -> None:
    limits = RiskLimits(drawdown=Decimal(1), daily_loss=Decimal(1), consecutive_losses=1)
    for equity, transfers in (("10000", 0), ("5000", -5000), ("90000", 80000)):
        made = bot(strategy=results(equity, transfers=Decimal(transfers)))
        steps = {one.reading.step for one in read_bot(made, limits)}
        assert steps == {RiskStep.NORMAL}


def test_a_fall_is_in_percent_of_what_was_there_with_deposits_in() -> None:
    made = bot(strategy=results("14250", transfers=Decimal(5000)))
    reading = said("drawdown", made, RiskLimits(drawdown=Decimal(10))).reading
    assert reading.measured == 5


def test_f12_the_first_losing_trade_counts_in_the_drawdown() -> None:
    reading = said("drawdown", bot(strategy=results("9900")), RiskLimits(drawdown=Decimal(10)))
    assert reading.reading.measured == 1


def test_the_worse_of_the_day_and_the_last_24_hours_is_the_daily_loss() -> None:
    track = results("10000").track
    assert track is not None
    evening = NOW + 20 * 3600 * NS_PER_SECOND
    track = observed(track, Decimal(9500), evening, origin=MARKS)
    morning = NOW + DAY_NS + 3600 * NS_PER_SECOND
    track = observed(track, Decimal(9600), morning, origin=MARKS)
    made = bot(strategy=results("9500", track=track), now_ns=morning)
    reading = said("daily_loss", made, RiskLimits(daily_loss=Decimal(10))).reading
    assert reading.measured == 5
    assert reading.window in ("24 h", "since the start")


def test_f11_windows_of_another_origin_or_too_short_pause_instead_of_stopping() -> None:
    limits = RiskLimits(daily_loss=Decimal(1), drawdown=Decimal(1))
    start = results("10000").track
    assert start is not None
    other = observed(start, Decimal(10), NOW + 1, origin="marks of another venue")
    cut = msgspec.structs.replace(
        observed(start, Decimal(10), NOW + 5 * DAY_NS, origin=MARKS), points=()
    )
    for track, now, rules in (
        (other, NOW + 1, ("daily_loss", "drawdown")),
        (cut, NOW + 5 * DAY_NS, ("daily_loss",)),
    ):
        made = bot(strategy=results("10", track=track), now_ns=now)
        for rule in rules:
            reading = said(rule, made, limits).reading
            assert (reading.step, reading.input) == (PAUSE, RiskInput.MIXED)


def test_a_losing_streak_is_forgotten_after_its_cooldown() -> None:
    limits = RiskLimits(consecutive_losses=3, cooldown="60s")
    streak = LosingStreak(3, NOW)
    for after, step in ((59, PAUSE), (60, RiskStep.NORMAL)):
        made = bot(strategy=results("1", streak=streak), now_ns=NOW + after * NS_PER_SECOND)
        assert said("consecutive_losses", made, limits).reading.step == step


def test_f30_a_rule_that_does_not_apply_reads_nothing_and_is_not_missing() -> None:
    spot = account(None, holding("1", None, symbol=ETH))
    reading = said("leverage", spot, AccountLimits(leverage=Decimal(2))).reading
    assert (reading.measured, reading.step) == (0, RiskStep.NORMAL)
    assert said("api_rate", account("1"), AccountLimits()).reading.measured == 0


def test_exposure_without_equity_pauses_and_is_no_emergency() -> None:
    for equity in ("0", "-50", None):
        reading = said(
            "total_exposure", engine(equity, holding()), EngineLimits(total_exposure=Decimal(2))
        ).reading
        assert (reading.step, reading.input) == (PAUSE, RiskInput.MISSING)


def test_assets_that_move_together_count_as_one() -> None:
    held = [holding("10", "100", symbol=Symbol(f"{name}/USDC")) for name in ("A", "B", "C")]
    limits = EngineLimits(correlation=Decimal(2))
    alone = said("correlation", engine("1000", *held), limits).reading
    joined = said(
        "correlation", engine("1000", *held, clusters=(frozenset({"A", "C"}),)), limits
    ).reading
    assert (alone.measured, joined.measured, joined.refuses) == (1, 2, "A, C")


def test_a_stream_that_was_lost_pauses_until_it_has_been_compared() -> None:
    fresh = StreamState(name="account", last_data_ns=NOW, resynced=False)
    assert said("connection", bot(streams=(fresh,))).asks == PAUSE
    back = msgspec.structs.replace(fresh, resynced=True)
    assert said("connection", bot(streams=(back,))).asks == RiskStep.NORMAL
    never = StreamState(name="prices", last_data_ns=None)
    assert said("connection", bot(streams=(never, back))).reading.input is RiskInput.MISSING


@pytest.mark.parametrize(
    "system",
    [
        SystemState(operator="typed"),
        SystemState(journal_problem="disk full"),
        SystemState(foreign_orders=("nb12-x",)),
        SystemState(clock_offset_s=number("-3")),
        SystemState(rejects_per_minute=50),
    ],
)
def test_every_cause_of_an_emergency_is_one_even_without_an_equity(system: SystemState) -> None:
    limits = EngineLimits(equity_floor=Decimal(100), clock_offset=Decimal(3), rejects=Decimal(50))
    assert said("emergency", engine(None, system=system), limits).asks == EMERGENCY


@pytest.mark.parametrize(
    ("equity", "step"), [("100.01", N), ("100", EMERGENCY), ("0", EMERGENCY), (None, PAUSE)]
)
def test_the_floor_is_reached_from_above(equity: str | None, step: RiskStep) -> None:
    limits = EngineLimits(equity_floor=Decimal(100))
    assert said("emergency", engine(equity), limits).reading.step == step
