"""The ladder: up at once, down one step a hold, never by itself from a stop."""

from decimal import Decimal
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from nimbus_tui.core.events import RiskCleared, RiskEscalated
from nimbus_tui.core.risk import RiskInput, RiskStep
from nimbus_tui.risk.escalation import Change, Ladder, assess, in_words, released
from nimbus_tui.risk.reading import Verdict, judged
from nimbus_tui.risk.rule import Measure
from nimbus_tui.risk.table import BY_NAME

HOLD = 600
EXPOSURE = BY_NAME["total_exposure"]


def verdict(usage: str | Decimal | None, rule: str = "total_exposure", **changes: Any) -> Verdict:
    measured = None if usage is None else Decimal(usage)
    measure = Measure(measured=measured, limit=Decimal(1), **changes)
    return judged(BY_NAME[rule], "engine", measure, BY_NAME[rule].thresholds)


def walked(*looks: tuple[int, list[Verdict]]) -> tuple[Ladder, list[Change]]:
    ladder, changes = Ladder(scope="engine"), []
    for now, verdicts in looks:
        ladder, change = assess(ladder, verdicts, now, HOLD)
        changes += [change] if change else []
    return ladder, changes


def test_steps_up_are_taken_at_once_and_several_at_a_time() -> None:
    ladder, (change,) = walked((0, [verdict("1.15")]))
    assert (ladder.step, ladder.rule, ladder.since) == (RiskStep.PAUSE, "total_exposure", 0)
    assert (change.before, change.after) == (RiskStep.NORMAL, RiskStep.PAUSE)


def test_one_step_down_is_taken_after_every_hold_under_75_percent() -> None:
    calm = [verdict("0.1")]
    looks = [(0, [verdict("1.15")]), *((at, calm) for at in range(1, 4000))]
    ladder, changes = walked(*looks)
    downs = [(one.after, one.reading is not None) for one in changes[1:]]
    assert downs == [
        (RiskStep.THROTTLE, True),
        (RiskStep.WARNING, True),
        (RiskStep.NORMAL, True),
    ]
    assert ladder == Ladder(scope="engine")


def test_each_step_down_takes_a_hold_of_its_own() -> None:
    calm = [verdict("0.1")]
    looks = [(0, [verdict("1.15")]), *((at, calm) for at in (1, 601, 602, 1200, 1201, 1202))]
    steps = [walked(*looks[: number + 1])[0].step for number in range(len(looks))]
    assert steps == [RiskStep.PAUSE] * 2 + [RiskStep.THROTTLE] * 3 + [RiskStep.WARNING] * 2


@pytest.mark.parametrize(("usage", "goes"), [("0.8625", False), ("0.8624", True)])
def test_calm_is_under_75_percent_of_the_threshold(usage: str, goes: bool) -> None:
    # A pause at 115 % is calm under 86.25 %.
    ladder, _ = walked((0, [verdict("1.15")]), (1, [verdict(usage)]), (1 + HOLD, [verdict(usage)]))
    assert (ladder.step is RiskStep.THROTTLE) is goes


def test_a_moment_that_is_not_calm_starts_the_hold_anew() -> None:
    calm, not_calm = [verdict("0.1")], [verdict("0.9")]
    ladder, _ = walked(
        (0, [verdict("1.15")]), (1, calm), (600, not_calm), (601, calm), (1200, calm)
    )
    assert ladder.step is RiskStep.PAUSE
    assert ladder.until(HOLD) == 1201


def test_another_rule_that_is_not_calm_keeps_the_step() -> None:
    both = [verdict("0.1"), verdict("0.8", "drawdown")]
    ladder, _ = walked((0, [verdict("1.15")]), (1, both), (5000, both))
    assert ladder.step is RiskStep.PAUSE


@pytest.mark.parametrize("rule", ["daily_loss", "total_exposure"])
def test_stop_and_emergency_are_left_by_the_operators_word_only(rule: str) -> None:
    calm = [verdict("0", rule)]
    ladder, _ = walked((0, [verdict("1.5", rule)]), *((at, calm) for at in range(1, 9000, 100)))
    assert ladder.step >= RiskStep.STOP
    assert (ladder.latched, ladder.until(HOLD)) == (True, None)
    fresh, change = released(ladder)
    assert fresh == Ladder(scope="engine")
    assert change is not None
    assert isinstance(change.event(), RiskCleared)
    again, _ = assess(fresh, [verdict("1.5", rule)], 9001, HOLD)
    assert again.step == ladder.step


@pytest.mark.parametrize("rule", ["connection", "consecutive_losses", "order_validation"])
def test_some_pauses_end_with_their_cause(rule: str) -> None:
    ladder, changes = walked((0, [verdict("1", rule)]), (1, [verdict("0", rule)]))
    assert ladder.step is RiskStep.NORMAL
    assert [one.after for one in changes] == [RiskStep.PAUSE, RiskStep.NORMAL]
    assert {one.rule for one in changes} == {rule}


def test_a_pause_for_want_of_an_input_ends_with_the_input_and_hides_no_step_that_holds() -> None:
    missing, calm = [verdict(None)], [verdict("0.1")]
    ladder, _ = walked((0, missing))
    assert (ladder.step, ladder.held) == (RiskStep.PAUSE, RiskStep.NORMAL)
    ladder, _ = walked((0, missing), (1, calm))
    assert ladder.step is RiskStep.NORMAL
    ladder, _ = walked((0, [verdict("0.9")]), (1, missing), (700, missing), (701, calm))
    assert ladder.step is RiskStep.THROTTLE


def test_an_event_says_rule_numbers_window_source_age_and_action() -> None:
    told = {"source": "marks of sim", "window": "24 h", "age_ms": 7}
    _, changes = walked(
        (0, [verdict("0.9", **told)]),
        (1, [verdict("0.1", **told)]),
        (601, [verdict("0.1", **told)]),
    )
    up, down = (one.event() for one in changes)
    assert isinstance(up, RiskEscalated)
    assert isinstance(down, RiskCleared)
    assert (up.step, up.rule, up.measured, up.limit) == (
        "throttle",
        "total_exposure",
        Decimal("0.9"),
        Decimal(1),
    )
    assert (down.step, down.rule, down.measured) == ("warning", "total_exposure", Decimal("0.1"))
    for event in (up, down):
        assert (event.source, event.window, event.age_ms) == ("marks of sim", "24 h", 7)
        assert event.action


def test_only_a_step_up_closes() -> None:
    closing = verdict("1", "position_age", at_least=RiskStep.STOP, closes=True)
    _, (change,) = walked((0, [closing]))
    assert change.closes


def test_a_ladder_survives_the_journal() -> None:
    ladder, _ = walked((5, [verdict("1.15")]), (6, [verdict("0.1")]))
    assert msgspec.json.decode(msgspec.json.encode(ladder), type=Ladder) == ladder


def test_a_reason_names_the_rule_and_both_numbers_or_what_is_wrong() -> None:
    assert in_words(verdict("0.9").reading) == "total exposure: 0.90 of 1.00 times the equity"
    missing = verdict(None, input=RiskInput.MISSING, detail="the mark of ETH is missing")
    assert in_words(missing.reading) == "total exposure: the mark of ETH is missing"


USAGES = st.lists(
    st.tuples(
        st.integers(1, 900),
        st.decimals(0, 2, places=2),
        st.decimals(0, 1, places=2),
    ),
    max_size=40,
)


@given(USAGES)
def test_steps_never_flicker(looks: list[tuple[int, Decimal, Decimal]]) -> None:
    """Whatever the usages do, two steps down are at least a hold apart, each of one rung."""
    ladder, now, last_down = Ladder(scope="engine"), 0, None
    for wait, exposure, loss in looks:
        now += wait
        verdicts = [verdict(exposure), verdict(loss, "drawdown")]
        asked = max(one.asks for one in verdicts)
        before = ladder.step
        ladder, change = assess(ladder, verdicts, now, HOLD)
        assert ladder.step >= asked
        if change is not None and change.after < change.before:
            assert change.before - change.after == 1
            assert before < RiskStep.STOP
            assert last_down is None or now - last_down >= HOLD
            last_down = now
