"""What a user does to have an action done: a key, the palette, or the mouse."""

from collections.abc import Awaitable, Callable, Sequence
from typing import Any, NamedTuple

from textual.command import CommandPalette
from textual.events import MouseScrollDown
from textual.pilot import Pilot
from textual.widgets import OptionList

from nimbus_tui.config.actions import Action
from nimbus_tui.tui.app import NimbusApp
from nimbus_tui.tui.panels.lines_panel import LinesPanel
from nimbus_tui.tui.screens.help import HelpScreen
from nimbus_tui.tui.viewmodels.lines import line_width
from tests.tui.waiting import until

Way = Callable[["Stage", Action], Awaitable[None]]


class Stage(NamedTuple):
    """An app, and who drives it; the client is whatever the app was opened on."""

    app: NimbusApp
    pilot: Pilot[Any]
    client: Any


class Scenario(NamedTuple):
    """How an action is tried on the screen where it belongs."""

    seen: Callable[[Stage], object]
    """Whether what the action is for has happened; false before."""
    at: str = "dashboard"
    before: Callable[[Stage], object] = lambda _: None
    """Brings about what the action needs; what it returns is waited for."""
    answers: Sequence[str] = ()
    """Keys that answer the question that it asks."""


async def by_palette(stage: Stage, action: Action) -> None:
    """Ctrl+P, the name typed, down to its line, Enter."""
    app, pilot, _ = stage
    await pilot.press("ctrl+p")
    await until(lambda: isinstance(app.screen, CommandPalette))
    for character in action.label:  # a pilot's own typing waits for an idle machine at each letter
        app.simulate_key(character)
    options = app.screen.query_one(OptionList)
    await until(lambda: action.label in offered(options))
    for _ in range(options.option_count):
        at = options.highlighted
        if at is not None and offered(options)[at] == action.label:
            break
        await pilot.press("down")
    await pilot.press("enter")
    await until(lambda: not isinstance(app.screen, CommandPalette))


def offered(options: OptionList) -> list[str]:
    """The names of what the palette has found."""
    return [str(getattr(option, "hit").text) for option in options.options]  # noqa: B009


async def by_mouse(stage: Stage, action: Action) -> None:
    """A click on it in the footer; where it isn't there, on ? and then on its line of the help."""
    app = stage.app
    keys = app.live.keys if app.editor is None else app.editor.paint.keys
    if await clicked(stage, keys, action.first_key):
        return
    assert await clicked(stage, keys, "?")
    await until(lambda: isinstance(app.screen, HelpScreen))
    await stage.pilot.pause()
    assert isinstance(app.screen, HelpScreen)
    await click_line(stage, app.screen.lines, action.help)


async def clicked(stage: Stage, panel: LinesPanel, key: str) -> bool:
    """Click on what presses a key, in the panel's first line; whether there is such a thing."""
    stage.app.repaint_now()
    if not panel._visible:
        return False
    line, _ = panel._visible[0]
    for at, cell in enumerate(line):
        if cell.press == key:
            return await stage.pilot.click(panel, offset=(line_width(line[:at]) + 1, 0))
    return False


async def click_line(stage: Stage, panel: LinesPanel, words: str) -> None:
    """Turn the wheel until a line with these words is in sight, then click on it."""
    while words not in panel.text:
        assert panel.below, f"no line says {words!r}"
        await wheel_down(stage.pilot, panel)
    at = next(y for y, line in enumerate(panel.text.splitlines()) if words in line)
    assert await stage.pilot.click(panel, offset=(14, at))


async def wheel_down(pilot: Pilot[Any], panel: LinesPanel) -> None:
    """Turn the wheel a notch over a panel."""
    await pilot._post_mouse_events([MouseScrollDown], panel, offset=(1, 1), button=0)
    await pilot.pause()


def keys_of(action: Action) -> list[Way]:
    """Each of its keys as a way of its own."""

    def pressing(key: str) -> Way:
        async def press(stage: Stage, _: Action) -> None:
            await stage.pilot.press(key)

        return press

    return [pressing(key) for key in action.keys.split(",")]


WAYS: dict[str, Callable[[Action], Sequence[Way]]] = {
    "key": keys_of,
    "palette": lambda action: () if action.id == "view.palette" else (by_palette,),
    "mouse": lambda _: (by_mouse,),
}
"""The palette can't be opened from the palette; all else can be done in every way."""


async def play(
    stage: Stage,
    table: dict[str, Scenario],
    ways: Callable[[Action], Sequence[Way]],
    afresh: Callable[[Stage, str], Awaitable[None]],
) -> None:
    """Try every action of a table in some ways, each from a stage that was put in order."""
    known = {action.id: action for action in stage.app.actions}
    for name, scenario in table.items():
        for act in ways(known[name]):
            await afresh(stage, scenario.at)
            ready = scenario.before(stage)
            if isinstance(ready, Awaitable):
                await ready
            assert not scenario.seen(stage), f"{name}: that was so before"
            await act(stage, known[name])
            if scenario.answers:
                await until(lambda: stage.app.screen not in (stage.app.live, stage.app.editor))
                await stage.pilot.press(*scenario.answers)
            try:
                await until(lambda: bool(scenario.seen(stage)), 5.0)  # noqa: B023 - in this turn
            except TimeoutError:
                raise AssertionError(f"{name}: nothing of it is seen") from None
