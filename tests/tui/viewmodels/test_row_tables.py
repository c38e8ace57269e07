"""The tables of orders, fills, events and venues, and what becomes of them in a file."""

import csv
import io
import json
from decimal import Decimal
from typing import TypeVar

import msgspec
import pytest

from nimbus_tui.control.snapshots import ExchangeSnapshot
from nimbus_tui.core import events as ev
from nimbus_tui.core.fill import Fill
from nimbus_tui.core.order import Order, OrderState, Side
from nimbus_tui.tui.viewmodels.connections import VENUES, about, concerns
from nimbus_tui.tui.viewmodels.events_table import EVENTS, KINDS, QUIET_KINDS, Severity, severity
from nimbus_tui.tui.viewmodels.export import Format, file_name, written
from nimbus_tui.tui.viewmodels.fills_table import FILLS
from nimbus_tui.tui.viewmodels.lines import Line, line_width
from nimbus_tui.tui.viewmodels.orders_table import ORDERS, named
from nimbus_tui.tui.viewmodels.table import Context, Lines, Sort, Table, fitted, ordered
from nimbus_tui.tui.viewmodels.talk_many import cancel_question
from tests.contracts.journal import a_fill, an_order
from tests.tui.scripted_client import START, ScriptedClient

D = Decimal
R = TypeVar("R")
ORDER = an_order(filled=D("0.000000005"), state=OrderState.PARTIALLY_FILLED, created_ns=START)
FILL = msgspec.structs.replace(a_fill(), ts=START)
VENUE = ExchangeSnapshot(
    name="hl", type="hyperliquid", link="disconnected", ping_ms=None, data_age_ms=61_000.0,
    reconnects=3, rate_used=0.85, clock_offset_ms=-1_250.0, detail="the line broke",
)  # fmt: skip


def text(line: Line) -> str:
    return "".join(cell.text for cell in line)


def line_of(table: Table[R], row: R, width: int) -> str:
    columns = fitted(table.columns, width)
    context = Context(START, table.places([row]))
    return text(Lines([row], columns, context)[0])


@pytest.mark.parametrize("width", [20, 40, 78, 100, 140, 198, 400])
def test_every_table_fits_every_width(width: int) -> None:
    error = ev.Error(seq=3, ts=START, message="x" * 500)
    for line in (
        line_of(ORDERS, ORDER, width), line_of(FILLS, FILL, width),
        line_of(EVENTS, error, width), line_of(VENUES, VENUE, width),
    ):  # fmt: skip
        if width >= 78:
            assert len(line) <= width + 1


def test_numbers_are_shown_to_their_last_digit() -> None:
    assert "2,400.10" in line_of(ORDERS, ORDER, 100)
    assert "0.00000001" in line_of(ORDERS, ORDER, 100)
    assert "0.00000001" in line_of(FILLS, FILL, 100)
    market = msgspec.structs.replace(ORDER, price=None)
    assert " market " in line_of(ORDERS, market, 100)


def test_what_a_filter_can_ask_for() -> None:
    assert ORDERS.facets(ORDER)["state"] == "partial partially_filled"
    leaving = msgspec.structs.replace(ORDER, cancel_requested=True)
    assert ORDERS.facets(leaving)["state"].startswith("leaving ")
    assert FILLS.facets(FILL)["role"] == "maker"
    assert FILLS.facets(msgspec.structs.replace(FILL, forced=True))["role"] == "forced"
    assert VENUES.facets(VENUE) == {"venue": "hl", "type": "hyperliquid", "state": "disconnected"}


@pytest.mark.parametrize(
    ("event", "expected"),
    [
        (ev.Error(message="x"), Severity.ERROR),
        (ev.Disconnected(exchange="hl"), Severity.ERROR),
        (ev.Warning(message="x"), Severity.WARNING),
        (ev.Paused(), Severity.WARNING),
        (ev.Connected(exchange="hl"), Severity.INFO),
        (ev.OrderRejected(key="k", client_order_id=None, symbol="s", reason=""), Severity.ERROR),
        (ev.OrderRejected(key="k", client_order_id=None, symbol="s", reason="", passing=True),
         Severity.WARNING),
        (ev.RiskEscalated(scope="e", step="warning", rule="drawdown", measured=None, limit=None,
                          action=""), Severity.WARNING),
        (ev.RiskEscalated(scope="e", step="pause", rule="drawdown", measured=None, limit=None,
                          action=""), Severity.ERROR),
    ],
)  # fmt: skip
def test_how_much_of_an_eye_an_event_needs(event: ev.Event, expected: Severity) -> None:
    assert severity(event) is expected


def test_events_are_ordered_by_severity_with_the_worst_first() -> None:
    story = [
        ev.Info(seq=1, message="a"),
        ev.Error(seq=2, message="b"),
        ev.Warning(seq=3, message="c"),
    ]
    found = ordered(story, EVENTS.columns, Sort("severity"))
    assert [event.seq for event in found] == [2, 3, 1]


def test_every_kind_of_event_is_known_and_only_noise_is_left_out() -> None:
    assert set(KINDS) - set(QUIET_KINDS) == {"priceUpdate", "positionUpdate", "balanceUpdate"}
    assert {"orderFilled", "riskCleared", "configChanged"} <= set(QUIET_KINDS)


def test_a_venue_in_full_tells_each_figure_with_a_word() -> None:
    bots = list(ScriptedClient().bots.values())
    own = [msgspec.structs.replace(bots[0], exchange="hl"), bots[1]]
    shown = "\n".join(text(line) for line in about(VENUE, own, 60))
    for words in (
        "✗ disconnected",
        "1 min old (61 s)",
        "▲",
        "85 %",
        "−1,250 ms",
        "eth-grid",
        "line broke",
    ):
        assert words in shown
    assert "btc-perp" not in shown
    assert all(line_width(line) <= 60 for line in about(VENUE, own, 60))
    assert concerns(ev.Disconnected(exchange="hl"), "hl", own)
    assert not concerns(ev.Disconnected(exchange="sim"), "hl", own)
    assert concerns(ev.Error(bot_id="eth-grid", message="x"), "hl", own)
    assert not concerns(ev.Error(bot_id="btc-perp", message="x"), "hl", own)


def test_the_cancel_question_names_the_order_and_what_follows() -> None:
    whole = msgspec.structs.replace(ORDER, filled=D(0))
    assert named(whole) == "buy 0.00000001 ETH at 2,400.10"
    question = cancel_question(whole)
    assert question == (
        "Cancel buy 0.00000001 ETH at 2,400.10 (grid/+1/c1) of eth? The bot goes on without it; "
        "it is not placed again until you resume the bot."
    )
    assert "0.000000005 of it is filled already" in cancel_question(ORDER)


def test_a_file_has_every_field_in_the_shapes_that_scripts_know() -> None:
    rows = [ORDERS.plain(ORDER), ORDERS.plain(msgspec.structs.replace(ORDER, side=Side.SELL))]
    (first, second) = [json.loads(line) for line in written(rows, Format.JSON_LINES).splitlines()]
    assert (first["price"], first["quantity"], first["state"]) == (
        "2400.10", "0.00000001", "partially_filled",
    )  # fmt: skip
    assert second["side"] == "sell"
    table = list(csv.DictReader(io.StringIO(written(rows, Format.CSV))))
    assert [row["side"] for row in table] == ["buy", "sell"]
    assert set(table[0]) == set(first)


def test_events_of_many_kinds_share_one_table_and_odd_words_harm_nothing() -> None:
    told = [
        EVENTS.plain(ev.Error(seq=1, message='a "quoted", odd\nline')),
        EVENTS.plain(ev.OrderFilled(seq=2, fill=FILL, position=D("1E-8"))),
    ]
    (first, second) = csv.DictReader(io.StringIO(written(told, Format.CSV)))
    assert first["message"] == 'a "quoted", odd\nline'
    assert (first["position"], second["position"]) == ("", "0.00000001")
    assert json.loads(second["fill"])["maker"] is True
    assert written([], Format.CSV) == "\n"


def test_a_file_is_called_by_table_and_moment() -> None:
    assert file_name("fills", START, Format.CSV) == "nimbus-fills-20251122-030700.csv"


def test_orders_know_their_bots() -> None:
    order: Order = ORDER
    fill: Fill = FILL
    assert (ORDERS.bot(order), FILLS.bot(fill), EVENTS.bot(ev.Info(message="x"))) == (
        "eth",
        "eth",
        None,
    )
