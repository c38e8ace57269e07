"""What strategies may answer: the edges that an engine never shows."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nimbus_tui.core.errors import UnsoundAnswer
from nimbus_tui.core.ids import Symbol
from nimbus_tui.core.order import DesiredOrder, Side
from nimbus_tui.core.panels import LadderPanel, LadderRow
from nimbus_tui.core.plan import Plan, Wake
from nimbus_tui.core.preview import Preview, PreviewFigure
from nimbus_tui.core.risk import RiskStep
from nimbus_tui.engine.wake import WakeIndex
from nimbus_tui.risk.gate import Situation, review
from nimbus_tui.risk.limits import RiskLimits
from nimbus_tui.strategies.answers import (
    SOONEST_NS,
    in_words,
    sound_panel,
    sound_plan,
    sound_preview,
    sound_statistics,
)
from tests.simulation.worlds import instrument

ETH = Symbol("ETH/USDC:USDC")
KNOWN = {ETH: instrument(ETH)}

anything: st.SearchStrategy[Any] = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(),
    st.text(),
    st.decimals(),
    st.just(ETH),
    st.sampled_from(Side),
    st.lists(st.integers(), max_size=2),
)
orders = st.builds(
    DesiredOrder,
    key=st.one_of(anything, st.just("a"), st.just("b")),
    symbol=st.one_of(st.just(ETH), anything),
    side=st.one_of(st.sampled_from(Side), anything),
    quantity=st.one_of(st.decimals(), anything),
    price=st.one_of(st.decimals(), anything),
    trigger_price=st.one_of(st.none(), anything),
    post_only=st.booleans(),
)
edges = st.one_of(st.none(), st.decimals(), anything)
wakes = st.builds(
    Wake,
    bands=st.one_of(
        st.dictionaries(st.just(ETH), st.tuples(edges, edges)),
        st.dictionaries(st.text(), anything, max_size=2),
        anything,
    ),
    at=anything,
    settled=anything,
)


@given(st.builds(Plan, st.lists(orders, max_size=3).map(tuple), wakes))
def test_a_plan_that_is_called_sound_harms_neither_the_gate_nor_the_wake_index(plan: Plan) -> None:
    try:
        sound = sound_plan(plan, KNOWN, 0)
    except (UnsoundAnswer, TypeError):  # TypeError: a list where a name is looked up
        return
    for step in (RiskStep.NORMAL, RiskStep.PAUSE):
        situation = Situation(
            step=step,
            positions={ETH: Decimal(1)},
            prices={ETH: Decimal(2400)},
            instruments=KNOWN,
            limits=RiskLimits(),
        )
        review(sound, situation)
    index = WakeIndex({("sim", ETH): KNOWN[ETH]})  # type: ignore[dict-item]
    index.arm("bot", ("sim", ETH), sound.wake.bands.get(ETH, (None, None)))  # type: ignore[arg-type]
    index.fire(("sim", ETH), Decimal(2400))  # type: ignore[arg-type]
    assert sound.wake.at is None or sound.wake.at > 0


def test_a_time_that_has_come_already_becomes_the_soonest() -> None:
    assert sound_plan(Plan((), Wake(at=7)), KNOWN, 7).wake.at == 7 + SOONEST_NS
    assert sound_plan(Plan((), Wake(at=8)), KNOWN, 7).wake.at == 8


def test_a_panel_arrives_as_it_was() -> None:
    rows = tuple(
        LadderRow(level=n, price=Decimal(n + 1), offset_percent=Decimal("0.5")) for n in range(3)
    )
    panel = LadderPanel(rows=rows, base=Decimal("2400.10"), note="− × ≤")
    assert sound_panel(panel) == panel


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (None, "preview() must return a Preview, not NoneType"),
        (Preview(warnings=(1,)), "must have texts"),  # type: ignore[arg-type]
        (Preview(figures=(PreviewFigure("x", Decimal("NaN")),)), "can't be shown"),
        (Preview(figures=(PreviewFigure("x", 1.5),)), "no number or text"),  # type: ignore[arg-type]
        (Preview(figures=("x",)), "must have PreviewFigure"),  # type: ignore[arg-type]
        (Preview(panel="x"), "can't be kept"),  # type: ignore[arg-type]
    ],
)
def test_a_preview_that_can_not_be_shown_is_refused(answer: Any, words: str) -> None:
    with pytest.raises(UnsoundAnswer) as caught:
        sound_preview(answer)
    assert words in str(caught.value)


def test_a_preview_that_is_well_arrives_as_it_was() -> None:
    well = Preview(
        panel=LadderPanel(base=Decimal(1)), figures=(PreviewFigure("x", Decimal("1.50"), "USDC"),)
    )
    assert sound_preview(well) == well


def test_statistics_may_hold_lists_and_tables() -> None:
    given_: Mapping[str, Any] = {"assets": [{"asset": "BTC", "weight": Decimal("0.4")}], "n": 3}
    assert sound_statistics(given_) == given_


def test_an_exception_without_text_is_called_by_its_type() -> None:
    assert in_words(KeyError()) == "KeyError"
