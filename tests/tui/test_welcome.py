"""The first-run screen: five ways, asked for what they need, by key and by mouse."""

import pytest
from textual.pilot import Pilot

from nimbus_tui.config.locations import shipped
from nimbus_tui.tui.panels.prompts import TypedWord
from nimbus_tui.tui.viewmodels.welcome import Way
from nimbus_tui.tui.welcome import Chosen, WelcomeApp
from tests.tui.waiting import until

ACCOUNT = "0x" + "1a" * 20


def app_with(trouble: str = "") -> WelcomeApp:
    return WelcomeApp((shipped("themes"),), trouble)


@pytest.mark.parametrize(
    ("keys", "way"),
    [
        (("enter",), Way.DEMO),
        (("down", "enter"), Way.PAPER),
        (("j", "j", "enter"), Way.PRICES),
        (("2",), Way.PAPER),
        (("up", "up", "up", "enter"), Way.PRICES),
    ],
)
async def test_what_needs_nothing_begins_at_once(keys: tuple[str, ...], way: Way) -> None:
    app = app_with()
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.press(*keys)
    assert app.return_value == Chosen(way)


async def _typed(pilot: Pilot[Chosen], text: str) -> None:
    await pilot.press(*text, "enter")
    await pilot.pause()


async def test_testnet_asks_for_the_account_until_it_is_one() -> None:
    app = app_with()
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.press("4")
        await pilot.pause()
        assert app.account.has_focus
        await _typed(pilot, "kim")
        assert "0x and 40 hex digits" in app.said.text
        app.account.value = "0x" + "1a" * 32
        await pilot.press("enter")
        await pilot.pause()
        assert "never type a key here" in app.said.text
        app.account.value = ""
        await _typed(pilot, ACCOUNT)
    assert app.return_value == Chosen(Way.TESTNET, ACCOUNT)


async def test_live_needs_the_typed_word_and_anything_else_begins_nothing() -> None:
    app = app_with()
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.press("5")
        await _typed(pilot, ACCOUNT)
        await until(lambda: isinstance(app.screen, TypedWord))
        await _typed(pilot, "yes")
        await until(lambda: "Nothing was begun" in app.said.text)
        app.account.focus()
        await pilot.press("enter")
        await until(lambda: isinstance(app.screen, TypedWord))
        await _typed(pilot, "LIVE")
    assert app.return_value == Chosen(Way.LIVE, ACCOUNT)


async def test_escape_goes_back_to_the_ways_and_q_begins_nothing() -> None:
    app = app_with("Hyperliquid can't be reached")
    async with app.run_test(size=(80, 24)) as pilot:
        assert "✗ Hyperliquid can't be reached" in app.list.text
        await pilot.press("4", "escape")
        await pilot.pause()
        assert not app.account.has_class("-shown")
        await pilot.press("q")
    assert app.return_value is None


async def test_a_click_selects_and_a_second_one_takes() -> None:
    app = app_with()
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.click("#welcome-list", offset=(5, 3))
        await pilot.pause()
        assert "real prices" not in app.list.text
        assert "A config of your own" in app.list.text
        await pilot.click("#welcome-list", offset=(5, 1))
    assert app.return_value == Chosen(Way.PAPER)


@pytest.mark.parametrize("size", [(20, 5), (40, 10), (80, 24), (200, 60)])
async def test_any_terminal_shows_the_first_way(size: tuple[int, int]) -> None:
    app = app_with()
    async with app.run_test(size=size) as pilot:
        await pilot.pause()
        await pilot.press("1")
    assert app.return_value == Chosen(Way.DEMO)
