"""Orders, fills, connections and events on a scripted engine: by key, by palette and by mouse."""

import csv
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import msgspec
import pytest
from textual.pilot import Pilot
from textual.widgets import Input

from nimbus_tui.control.commands import CancelOrder, PauseBot, StopBot
from nimbus_tui.control.pages import Listing
from nimbus_tui.core import events as ev
from nimbus_tui.core.ids import BotId, ClientOrderId
from nimbus_tui.core.order import OrderState
from nimbus_tui.tui import table_desk
from nimbus_tui.tui.app import NimbusApp
from nimbus_tui.tui.panels.prompts import Choice, Confirm, TypedLine
from nimbus_tui.tui.screens.whole import WholeScreen
from tests.tui.opened import opened, settled, text
from tests.tui.scripted_client import START, ScriptedClient
from tests.tui.waiting import until

ETH, BTC = BotId("eth-grid"), BotId("btc-perp")


@asynccontextmanager
async def table(
    key: str, client: ScriptedClient | None = None, size: tuple[int, int] = (80, 24)
) -> AsyncIterator[tuple[NimbusApp, Pilot[Any]]]:
    """A table with its first rows."""
    async with opened(client, size) as (app, pilot):
        await pilot.press(key)
        await until(lambda: app.live.table is not None and app.live.table.source.has_answer)
        await settled(app, pilot)
        yield app, pilot


def said(app: NimbusApp) -> str:
    return app.live.status.text


def shown(app: NimbusApp) -> list[Any]:
    assert app.live.table is not None
    return list(app.live.table.shown)


def selected(app: NimbusApp) -> Any:
    assert app.live.table is not None
    return app.live.table.selected


async def filtered(app: NimbusApp, pilot: Pilot[Any], words: str) -> None:
    await pilot.press("/")
    await until(lambda: isinstance(app.screen, TypedLine))
    await pilot.press(*words)


# the way there


@pytest.mark.parametrize(
    ("key", "name", "words"),
    [
        ("3", "orders", "● resting"), ("4", "fills", "2,403.6"),
        ("5", "connections", "● connected"), ("6", "events", "✗ rejected"),
    ],
)  # fmt: skip
async def test_a_number_opens_each_table_and_escape_goes_back(
    key: str, name: str, words: str
) -> None:
    async with table(key) as (app, pilot):
        assert app.live.views.current == name
        assert words in text(app)
        await pilot.press("escape")
        assert app.live.view is app.live.dashboard


@pytest.mark.parametrize("name", ["orders", "fills", "connections", "events"])
async def test_the_palette_opens_each_table(name: str) -> None:
    async with opened() as (app, pilot):
        await pilot.press("ctrl+p")
        await until(lambda: bool(app.screen.query(Input)))
        await pilot.press(*name)
        await until(lambda: len(app.screen.query("OptionList")) > 0 and name in text(app))
        await pilot.press("down", "enter")
        await until(lambda: app.live.views.current == name)


@pytest.mark.parametrize("key", "3456")
async def test_no_size_is_too_small_or_too_large_for_a_table(key: str) -> None:
    async with table(key) as (app, pilot):
        for width, height in ((20, 5), (1, 1), (400, 100), (40, 10), (80, 24)):
            await pilot.resize_terminal(width, height)
            await pilot.press("j", "end", "home", "o", "v", "enter", "escape", key)
            await settled(app, pilot)
            assert all(len(row) <= width for row in text(app).splitlines())


# moving about


async def test_arrows_pages_and_ends_move_the_selection() -> None:
    async with table("3", size=(80, 12)) as (app, pilot):
        rows = shown(app)
        assert selected(app) is rows[0]
        await pilot.press("down", "j")
        assert selected(app) is rows[2]
        await pilot.press("k", "end")
        assert selected(app) is rows[-1]
        await pilot.press("pageup")
        assert selected(app) is not rows[-1]
        await pilot.press("home")
        assert selected(app) is rows[0]


async def test_the_selection_stays_with_its_row_when_newer_ones_come() -> None:
    client = ScriptedClient()
    async with table("6", client) as (app, pilot):
        await pilot.press("down")
        before = selected(app)
        client.tell(ev.Info(message="something new"))
        await client.news()
        await until(lambda: "something new" in text(app))
        assert selected(app) is before
        assert shown(app)[2] is before
        await pilot.press("home")
        client.tell(ev.Info(message="newer still"))
        await client.news()
        await until(lambda: selected(app).message == "newer still")


async def test_a_click_selects_a_row_and_a_click_on_a_name_orders() -> None:
    async with table("3") as (app, pilot):
        await pilot.click("#orders-rows", offset=(5, 4))
        assert selected(app) is shown(app)[2]
        at = text(app).splitlines()[3].index("price")
        await pilot.click("#orders-rows", offset=(at, 1))
        await until(lambda: "price▲" in text(app))
        prices = [order.price for order in shown(app)]
        assert prices == sorted(prices)
        await pilot.click("#orders-rows", offset=(at, 1))
        await until(lambda: "price▼" in text(app))
        assert [order.price for order in shown(app)] == prices[::-1]


async def test_the_order_goes_through_the_columns_and_turns_round() -> None:
    async with table("3") as (app, pilot):
        await pilot.press("o")
        await until(lambda: "bot▲" in text(app))
        assert [order.bot_id for order in shown(app)] == [BTC] * 12 + [ETH] * 10
        await pilot.press("O")
        await until(lambda: "bot▼" in text(app))
        assert shown(app)[0].bot_id == ETH


# finding


async def test_a_filter_follows_every_letter_and_escape_takes_it_back() -> None:
    async with table("3") as (app, pilot):
        whole = len(shown(app))
        await filtered(app, pilot, "side:sell bot:eth")
        await until(lambda: len(shown(app)) == 5)
        assert {order.side.value for order in shown(app)} == {"sell"}
        await pilot.press("enter")
        await settled(app, pilot)
        assert "/side:sell bot:eth 5 of" in text(app)
        await filtered(app, pilot, "x")
        await until(lambda: shown(app) == [])
        await pilot.press("escape")
        await until(lambda: len(shown(app)) == 5)
        await filtered(app, pilot, "")
        await pilot.press(*["backspace"] * 20, "enter")
        await until(lambda: len(shown(app)) == whole)


async def test_what_the_filter_names_is_asked_of_the_journal() -> None:
    client = ScriptedClient()
    async with table("6", client) as (app, pilot):
        await filtered(app, pilot, "bot:btc-perp type:rejected")
        await pilot.press("enter")
        await until(lambda: client.pages_asked[-1].types == ("orderRejected",))
        assert client.pages_asked[-1].bot_id == BTC
        await until(lambda: "✗ rejected" in text(app) and len(shown(app)) == 1)


async def test_trouble_alone_can_be_looked_at() -> None:
    async with table("6") as (app, pilot):
        await pilot.press("v")
        await until(lambda: "events trouble 2" in text(app))
        assert {type(event) for event in shown(app)} == {ev.OrderRejected, ev.Paused}


async def test_nothing_found_says_so() -> None:
    async with table("4") as (app, pilot):
        await filtered(app, pilot, "nosuch")
        await pilot.press("enter")
        await until(lambda: "nothing here for 'nosuch'" in text(app))
        await pilot.press("enter", "w", "p")
        assert "no row of one is selected" in said(app)


# the past


async def test_at_the_end_older_rows_are_read_without_a_gap() -> None:
    client = ScriptedClient()
    for number in range(1_500):
        client.tell(ev.Info(message=f"news {number}"))
    async with table("6", client) as (app, pilot):
        assert "events all 200+" in text(app)
        await pilot.press("end")
        await until(lambda: len(shown(app)) == 1_200)
        await pilot.press("end")
        await until(lambda: "events all 1512 " in text(app))
        numbers = [event.seq for event in shown(app)]
        assert numbers == list(range(1_512, 0, -1))
        client.tell(ev.Info(message="the newest"))
        await client.news()
        await until(lambda: len(shown(app)) == 1_513)
        assert [event.seq for event in shown(app)] == list(range(1_513, 0, -1))


async def test_after_a_flood_the_table_begins_anew_instead_of_hiding_a_gap() -> None:
    client = ScriptedClient()
    async with table("6", client) as (app, _):
        for number in range(900):
            client.tell(ev.Info(message=f"news {number}"))
        await client.news()
        await until(lambda: shown(app)[0].seq == client.engine.seq)
        numbers = [event.seq for event in shown(app)]
        assert numbers == list(range(client.engine.seq, numbers[-1] - 1, -1))


async def test_orders_that_ended_are_on_the_second_pane() -> None:
    client = ScriptedClient()
    live = client._live(ETH)[0]
    client.ended = [
        msgspec.structs.replace(
            live, client_order_id=ClientOrderId("nb-old"), state=OrderState.CANCELLED,
            created_ns=START, reason="a reason",
        )
    ]  # fmt: skip
    async with table("3", client, (200, 60)) as (app, pilot):
        assert client.pages_asked[-1].listing is Listing.LIVE_ORDERS
        await pilot.press("v")
        await until(lambda: "✗ cancelled" in text(app) and "a reason" in text(app))
        await filtered(app, pilot, "state:cancelled")
        await pilot.press("enter", "c")
        await until(lambda: "is cancelled already" in said(app))


async def test_an_engine_that_is_gone_leaves_what_is_known_and_says_so() -> None:
    client = ScriptedClient()
    async with table("6", client) as (app, _):
        client.gone = "gone away"
        app.live.table.source._revision = -1  # type: ignore[union-attr]
        await until(lambda: "these are old: gone away" in text(app))
        assert len(shown(app)) > 5


# a row


@pytest.mark.parametrize("key", "3456")
async def test_enter_shows_the_whole_row(key: str) -> None:
    async with table(key) as (app, pilot):
        await pilot.press("enter")
        await until(lambda: isinstance(app.screen, WholeScreen))
        await settled(app, pilot)
        words = {"3": "client order id", "4": "fee asset", "5": "rate used", "6": "[/red] insuff"}
        assert words[key] in text(app)
        await pilot.press("j", "k", "escape")
        await until(lambda: not isinstance(app.screen, WholeScreen))


async def test_cancelling_an_order_asks_and_names_it() -> None:
    client = ScriptedClient()
    async with table("3", client) as (app, pilot):
        await filtered(app, pilot, "grid/-1/c1 bot:eth")
        await pilot.press("enter", "c")
        await until(lambda: isinstance(app.screen, Confirm))
        await settled(app, pilot)
        assert "Cancel buy 0.0833 ETH at 2,396.4 (grid/-1/c1) of eth-grid?" in text(app)
        await pilot.press("escape")
        await until(lambda: "nothing was done" in said(app))
        assert client.commands == []
        await pilot.press("c", "enter")
        await until(lambda: client.commands == [CancelOrder(ETH, ClientOrderId("nb-1"))])
        await until(lambda: "✓ done  eth-grid: cancelled until" in said(app))


async def test_commands_go_to_the_bot_of_the_selected_row() -> None:
    client = ScriptedClient()
    async with table("3", client) as (app, pilot):
        await filtered(app, pilot, "bot:btc")
        await pilot.press("enter", "p")
        await until(lambda: client.commands == [PauseBot(BTC)])
        await pilot.press("s", "enter")
        await until(lambda: client.commands[1:] == [StopBot(BTC)])


@pytest.mark.parametrize("key", "456")
async def test_only_orders_are_cancelled(key: str) -> None:
    client = ScriptedClient()
    async with table(key, client) as (app, pilot):
        await pilot.press("c")
        await until(lambda: "no order is selected" in said(app))
        assert client.commands == []


# files


@pytest.mark.parametrize(("key", "name"), [("c", "csv"), ("j", "jsonl")])
async def test_what_is_shown_is_written_to_a_file_that_is_named(
    key: str, name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    async with table("4") as (app, pilot):
        await filtered(app, pilot, "side:sell")
        await pilot.press("enter")
        for number in ("", "-2"):
            await pilot.press("w")
            await until(lambda: isinstance(app.screen, Choice))
            question = app.screen.question  # type: ignore[attr-defined]
            assert f"Write the 2 fills that are shown to a file in {tmp_path}" in question
            await pilot.press(key)
            path = tmp_path / f"nimbus-fills-20251122-030700{number}.{name}"
            await until(path.exists)
            await until(lambda path=path: f"2 rows are in {path}"[:60] in said(app))  # type: ignore[misc]
        written = path.read_text()
        rows = (
            list(csv.DictReader(written.splitlines()))
            if key == "c"
            else [json.loads(line) for line in written.splitlines()]
        )
        assert [row["price"] for row in rows] == ["2403.6", "2400.0"]


async def test_a_folder_that_takes_no_file_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(table_desk, "_folder", lambda: tmp_path / "gone")
    async with table("4") as (app, pilot):
        await pilot.press("w")
        await until(lambda: isinstance(app.screen, Choice))
        await pilot.press("c")
        await until(lambda: "✗ nothing was written to" in said(app))


async def test_elsewhere_the_keys_of_tables_say_where_tables_are() -> None:
    async with opened() as (app, pilot):
        await pilot.press("enter")
        for key in ("/", "o", "O", "w"):
            app.say(())
            await pilot.press(key)
            await until(lambda: "there is no table here" in said(app))


@pytest.mark.parametrize(
    ("name", "screen"),
    [("filter", TypedLine), ("cancel", Confirm), ("write file", Choice), ("bot", WholeScreen)],
)
async def test_the_palette_does_what_the_keys_of_a_table_do(name: str, screen: type) -> None:
    async with table("3") as (app, _):
        (offer,) = [one for one in app.offers() if one.name == name]
        await offer.call()  # type: ignore[misc]
        await until(lambda: isinstance(app.screen, screen))
