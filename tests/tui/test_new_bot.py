"""A new bot in five steps, by keys."""

from textual.pilot import Pilot

from nimbus_tui.tui.app import NimbusApp
from nimbus_tui.tui.screens.new_bot import NewBotScreen
from nimbus_tui.tui.screens.review import ReviewScreen
from nimbus_tui.tui.viewmodels.wizard import Step
from tests.tui.opened import opened, settled, text
from tests.tui.scripted_config import TEXT, ConfigClient
from tests.tui.test_config_screen import checked
from tests.tui.waiting import until


def wizard(app: NimbusApp) -> NewBotScreen:
    assert isinstance(app.screen, NewBotScreen)
    return app.screen


async def to_step(app: NimbusApp, pilot: Pilot[object], step: Step, *keys: str) -> None:
    await pilot.press(*keys)
    await until(lambda: wizard(app).step is step)
    await settled(app, pilot)


async def test_five_steps_from_n_to_a_bot_that_is_saved() -> None:
    client = ConfigClient()
    async with opened(client, (120, 40)) as (app, pilot):
        await pilot.press("n")
        await until(lambda: isinstance(app.screen, NewBotScreen))
        await until(lambda: "grid" in wizard(app).list.text)
        await to_step(app, pilot, Step.VENUE, "enter")
        assert "paper: no real orders" in text(app)
        await to_step(app, pilot, Step.SYMBOL, "enter")
        await until(lambda: "SOL/USDC" in wizard(app).list.text)
        await pilot.press(*"sol spot")
        await settled(app, pilot)
        assert "BTC/USDC" not in wizard(app).list.text
        await to_step(app, pilot, Step.NAME, "enter")
        assert wizard(app).search.value == "sol-grid"
        await pilot.press("enter")
        await until(lambda: app.editor is not None)
        editor = app.editor
        assert editor is not None
        await checked(editor)
        await settled(app, pilot)
        assert "3 parameters" in text(app)
        assert "what sol-grid would do now" in text(app)
        assert "✓ all well" in text(app)
        await pilot.press("right")
        await settled(app, pilot)
        assert "stop loss" in text(app)
        await pilot.press("right")
        await settled(app, pilot)
        assert "sim is a paper exchange" in text(app)
        await pilot.press("ctrl+s")
        await until(lambda: isinstance(app.screen, ReviewScreen))
        await pilot.press("enter")
        await until(lambda: bool(client.saved) and app.editor is None)
        assert client.saved[0].startswith(TEXT)
        assert client.saved[0].removeprefix(TEXT).startswith("\n[bots.sol-grid]\n")
        assert app.draft is None


async def test_escape_goes_a_step_back_and_out_of_the_first() -> None:
    async with opened(ConfigClient(), (80, 24)) as (app, pilot):
        await pilot.press("n")
        await until(lambda: isinstance(app.screen, NewBotScreen))
        await until(lambda: "grid" in wizard(app).list.text)
        await to_step(app, pilot, Step.VENUE, "enter")
        await to_step(app, pilot, Step.SYMBOL, "enter")
        await to_step(app, pilot, Step.VENUE, "escape")
        await to_step(app, pilot, Step.STRATEGY, "escape")
        await pilot.press("escape")
        await until(lambda: app.screen is app.live)


async def test_a_name_that_is_taken_or_no_name_is_refused_in_words() -> None:
    async with opened(ConfigClient(), (80, 24)) as (app, pilot):
        await pilot.press("n")
        await until(lambda: isinstance(app.screen, NewBotScreen))
        await until(lambda: "grid" in wizard(app).list.text)
        await to_step(app, pilot, Step.VENUE, "enter")
        await to_step(app, pilot, Step.SYMBOL, "enter")
        await until(lambda: "ETH/USDC" in wizard(app).list.text)
        await pilot.press(*"eth")
        await to_step(app, pilot, Step.NAME, "enter")
        assert wizard(app).search.value == "eth-grid-2"
        await pilot.press("backspace", "backspace", "enter")
        await settled(app, pilot)
        assert "there is a bot called eth-grid already" in text(app)
        await pilot.press("!", "enter")
        await settled(app, pilot)
        assert "can't be a name" in text(app)
