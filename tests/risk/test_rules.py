"""The sixteen rules: at each of their steps, just under it, and with inputs not to be trusted."""

from collections.abc import Callable
from decimal import Decimal
from typing import Any

import msgspec
import pytest

from nimbus_tui.core.clock import NS_PER_SECOND
from nimbus_tui.core.ids import Symbol
from nimbus_tui.core.risk import RiskInput, RiskStep
from nimbus_tui.risk.equity_track import DAY_NS, observed
from nimbus_tui.risk.limits import AccountLimits, EngineLimits, RiskLimits
from nimbus_tui.risk.order_rate import OrderRate
from nimbus_tui.risk.reading import read, read_all
from nimbus_tui.risk.rule import Measure
from nimbus_tui.risk.states import BudgetState, Holding, Input, StreamState, SystemState
from nimbus_tui.risk.streak import LosingStreak
from nimbus_tui.risk.table import BY_NAME, RULES, read_bot
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

N, WARNING, THROTTLE, PAUSE, STOP, EMERGENCY = RiskStep
SPECIFIED: dict[str, tuple[int, dict[RiskStep | str, int]]] = {
    "stop_loss": (1, {WARNING: 70, STOP: 100}),
    "take_profit": (1, {STOP: 100}),
    "position_size": (1, {WARNING: 70, "refuse": 100, PAUSE: 115}),
    "position_age": (1, {WARNING: 70, PAUSE: 100}),
    "daily_loss": (2, {WARNING: 70, THROTTLE: 85, STOP: 100}),
    "drawdown": (2, {WARNING: 70, THROTTLE: 85, PAUSE: 100, STOP: 115}),
    "consecutive_losses": (2, {PAUSE: 100}),
    "order_rate": (2, {WARNING: 70, "refuse": 100, PAUSE: 300}),
    "total_exposure": (
        3,
        {WARNING: 70, THROTTLE: 85, "refuse": 100, PAUSE: 115, EMERGENCY: 130},
    ),
    "correlation": (3, {WARNING: 70, "refuse": 100}),
    "leverage": (3, {WARNING: 70, THROTTLE: 85, "refuse": 100, PAUSE: 110, EMERGENCY: 130}),
    "asset_allocation": (3, {WARNING: 70, "refuse": 100}),
    "api_rate": (4, {WARNING: 70, THROTTLE: 85, "refuse": 100}),
    "connection": (4, {WARNING: 70, PAUSE: 100}),
    "order_validation": (4, {PAUSE: 100}),
    "emergency": (4, {EMERGENCY: 100}),
}
"""Steps in percent of the limit, as they are specified."""


def equity_at(percent: Decimal) -> str:
    """An equity that has fallen from 10,000 by so many percent of a limit of 10 %."""
    return str(Decimal(10_000) - percent * 10)


def orders(percent: Decimal) -> OrderRate:
    return OrderRate(seconds=((NOW // NS_PER_SECOND, int(percent)),))


def budgets(percent: Decimal) -> tuple[BudgetState, ...]:
    used = Input(value=percent * 8, source="venue")
    return (BudgetState(name="weight", used=used, allowed=Decimal(1000)),)


def silent(percent: Decimal) -> tuple[StreamState, ...]:
    return (StreamState(name="prices", last_data_ns=NOW - int(percent * NS_PER_SECOND)),)


ETH = Symbol("ETH/USDC")
HUNDRED_LOSSES = RiskLimits(consecutive_losses=100)


def shares(percent: Decimal) -> Any:
    """ETH with so many percent of a limit of half of the exposure."""
    eth = percent / 2
    return engine(
        "1000",
        holding(str(eth), "1", symbol=Symbol("ETH/USDC")),
        *(
            holding(str((100 - eth) / 4), "1", symbol=Symbol(f"{asset}/USDC"))
            for asset in ("A", "B", "C", "D")
        ),
    )


CASES: dict[str, tuple[Callable[[Decimal], Any], Any]] = {
    "stop_loss": (
        lambda p: bot(position("1", str(1000 - p), "1000")),
        RiskLimits(stop_loss=Decimal(10)),
    ),
    "take_profit": (
        lambda p: bot(position("-1", str(1000 - p), "1000")),
        RiskLimits(take_profit=Decimal(10)),
    ),
    "position_size": (
        lambda p: bot(position(str(p), "10")),
        RiskLimits(position_size=Decimal(1000)),
    ),
    "position_age": (
        lambda p: bot(position(opened_ns=NOW - int(p * NS_PER_SECOND))),
        RiskLimits(position_age="100s"),
    ),
    "daily_loss": (
        lambda p: bot(strategy=results(equity_at(p))),
        RiskLimits(daily_loss=Decimal(10)),
    ),
    "drawdown": (lambda p: bot(strategy=results(equity_at(p))), RiskLimits(drawdown=Decimal(10))),
    "consecutive_losses": (
        lambda p: bot(strategy=results("10000", streak=LosingStreak(int(p)))),
        HUNDRED_LOSSES,
    ),
    "order_rate": (
        lambda p: bot(strategy=results("10000", orders=orders(p))),
        RiskLimits(order_rate=Decimal(100)),
    ),
    "total_exposure": (
        lambda p: engine("1000", holding(str(p), "20"), holding("0", None)),
        EngineLimits(total_exposure=Decimal(2)),
    ),
    "correlation": (
        lambda p: engine(
            "1000", holding(str(-p), "20"), holding("1", "1", symbol=Symbol("A/USDC"))
        ),
        EngineLimits(correlation=Decimal(2)),
    ),
    "leverage": (
        lambda p: account("1000", holding(str(p), "20"), holding("9", "900", symbol=ETH)),
        AccountLimits(leverage=Decimal(2)),
    ),
    "asset_allocation": (shares, EngineLimits(asset_allocation=Decimal(50))),
    "api_rate": (lambda p: account("1000", budgets=budgets(p)), AccountLimits()),
    "connection": (lambda p: bot(streams=silent(p)), RiskLimits(connection=Decimal(100))),
    "order_validation": (lambda p: bot(refusals=int(p)), RiskLimits(repeat_refusals=100)),
    "emergency": (
        lambda p: engine("1000", system=SystemState(rejects_per_minute=int(p))),
        EngineLimits(rejects=Decimal(100)),
    ),
}
"""For each rule an input whose usage is a percentage, and the limits for it."""


def test_the_table_has_the_sixteen_rules_with_the_specified_steps() -> None:
    found = {
        rule.name: (
            rule.level,
            {step: int(usage * 100) for step, usage in rule.thresholds.steps()}
            | ({"refuse": int(rule.thresholds.refuse)} if rule.thresholds.refuse else {}),
        )
        for rule in RULES
    }
    assert found == SPECIFIED
    assert list(found) == list(SPECIFIED)


STEPS = [
    (rule, step, percent)
    for rule, (_, steps) in SPECIFIED.items()
    for step, percent in steps.items()
]


@pytest.mark.parametrize(("rule", "step", "percent"), STEPS)
def test_a_step_is_taken_at_its_threshold_and_not_just_under_it(
    rule: str, step: RiskStep | str, percent: int
) -> None:
    make, limits = CASES[rule]
    under, at = (said(rule, make(Decimal(p)), limits).reading for p in (percent - 1, percent))
    assert at.usage == Decimal(percent) / 100
    if step == "refuse":
        assert (under.refuses, bool(at.refuses)) == ("", True)
    else:
        assert under.step < step
        assert at.step == step


@pytest.mark.parametrize("rule", ["total_exposure", "correlation", "asset_allocation", "leverage"])
def test_a_reading_names_its_metric_and_where_it_comes_from(rule: str) -> None:
    make, limits = CASES[rule]
    reading = said(rule, make(Decimal(50)), limits).reading
    assert MARKS in reading.source
    assert reading.age_ms == 20
    assert "resting orders that add" in reading.detail


def test_take_profit_gives_no_warning_and_an_exit_takes_the_ladder_no_further_than_one() -> None:
    limits = RiskLimits(stop_loss=Decimal(10), take_profit=Decimal(10))
    assert said("take_profit", bot(position(mark="109")), limits).asks == RiskStep.NORMAL
    tripped = said("stop_loss", bot(position(mark="89")), limits)
    assert (tripped.reading.step, tripped.asks, tripped.reading.closes) == (STOP, WARNING, True)


def marked(quality: RiskInput, value: str | None) -> Holding:
    return msgspec.structs.replace(holding(), mark=number(value, quality))


Make = Callable[[RiskInput, str | None], Any]
BAD_INPUTS: dict[str, Make] = {
    "stop_loss": lambda quality, value: bot(position(holding=marked(quality, value))),
    "position_size": lambda quality, value: bot(position(holding=marked(quality, value))),
    "daily_loss": lambda quality, value: bot(strategy=results(number(value, quality))),
    "drawdown": lambda quality, value: bot(strategy=results(number(value, quality))),
    "total_exposure": lambda quality, value: engine("1", marked(quality, value)),
    "correlation": lambda quality, value: engine("1", marked(quality, value)),
    "asset_allocation": lambda quality, value: engine("1", marked(quality, value)),
    "leverage": lambda quality, value: account("1", marked(quality, value)),
}


@pytest.mark.parametrize("rule", BAD_INPUTS)
@pytest.mark.parametrize(
    ("quality", "value", "found"),
    [
        (RiskInput.GOOD, None, RiskInput.MISSING),
        (RiskInput.STALE, "1", RiskInput.STALE),
        (RiskInput.MIXED, "1", RiskInput.MIXED),
    ],
)
def test_f11_an_input_that_cannot_be_trusted_pauses_and_never_sells(
    rule: str, quality: RiskInput, value: str | None, found: RiskInput
) -> None:
    _, limits = CASES[rule]
    verdict = said(rule, BAD_INPUTS[rule](quality, value), limits)
    assert (verdict.reading.step, verdict.reading.input) == (PAUSE, found)
    assert (verdict.reading.usage, verdict.reading.closes) == (None, False)
    assert found.value in verdict.reading.detail


@pytest.mark.parametrize("raised", [ZeroDivisionError("by zero"), KeyError("x"), RecursionError()])
def test_a_rule_that_raises_pauses_and_the_others_still_speak(raised: Exception) -> None:
    def broken(_inputs: Any, _limits: Any) -> Measure:
        raise raised

    rules = [msgspec.structs.replace(RULES[0], measure=broken), BY_NAME["connection"]]
    failed, other = read_all(rules, bot(), RiskLimits())
    assert (failed.reading.step, failed.reading.input) == (PAUSE, RiskInput.FAILED)
    assert type(raised).__name__ in failed.reading.detail
    assert other.reading.step == RiskStep.NORMAL


def test_a_rule_that_answers_nonsense_counts_as_failed() -> None:
    for answer in (None, 3, Measure(measured=Decimal("NaN"), limit=Decimal(1))):
        rule = msgspec.structs.replace(RULES[5], measure=lambda *_, answer=answer: answer)
        assert read(rule, bot(), RiskLimits()).reading.input is RiskInput.FAILED


def test_without_a_limit_a_rule_is_off_but_for_those_with_a_default() -> None:
    readings = [one.reading for one in read_bot(bot(position()), RiskLimits())]
    on = {reading.rule for reading in readings if reading.input is not RiskInput.OFF}
    assert on == {"order_rate", "connection", "order_validation"}
    assert {reading.step for reading in readings} == {RiskStep.NORMAL}


def test_steps_of_ones_own_take_the_place_of_the_specified_ones() -> None:
    limits = RiskLimits(drawdown=Decimal(10), steps={"drawdown": Thresholds(warning=Decimal(20))})
    for percent, step in ((19, RiskStep.NORMAL), (20, WARNING), (85, THROTTLE)):
        made = bot(strategy=results(equity_at(Decimal(percent))))
        assert said("drawdown", made, limits).reading.step == step


# level 1


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


# level 2


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


# level 3


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


# level 4


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
