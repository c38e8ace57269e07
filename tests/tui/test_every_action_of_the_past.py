"""The replay screen and its own actions, by each key, by the palette and by the mouse."""

from collections.abc import Awaitable, Callable, Sequence

import pytest

from nimbus_tui.control.past import PastMoment
from nimbus_tui.core.events import event_type
from nimbus_tui.engine.past import RISKS
from nimbus_tui.tui.viewmodels.replay_bar import Zoom
from tests.tui.acting import WAYS, Scenario, Stage, play
from tests.tui.test_replay_screen import arrived, event_of, in_the_past
from tests.tui.waiting import until

MINUTE = 60_000_000_000


def now(stage: Stage) -> PastMoment:
    assert stage.app.past.moment is not None
    return stage.app.past.moment


def first(stage: Stage) -> int:
    assert stage.app.past.moments is not None
    assert stage.app.past.moments.first is not None
    return stage.app.past.moments.first.ts


def newest(stage: Stage) -> int:
    assert stage.app.feed.engine is not None
    return stage.app.feed.engine.now_ns


def gone(kind: str) -> Callable[[Stage], Awaitable[None]]:
    """Go to one end of the past, or back from its end to what is of note."""

    async def go(stage: Stage) -> None:
        for step in ("last", kind):
            before = stage.app.past.asked
            stage.app.past.go(step, -1)
            await arrived(stage.app, stage.pilot, before + 1)

    return go


def came_to(kinds: Sequence[str], start: str) -> Scenario:
    """An event of one of these kinds."""
    return Scenario(
        lambda stage: event_type(event_of(now(stage))) in kinds, "replay", before=gone(start)
    )


def at_time(when: Callable[[Stage], int], start: str) -> Scenario:
    """A moment by the clock."""
    return Scenario(lambda stage: now(stage).ts == when(stage), "replay", before=gone(start))


def zoomed(before: int) -> Scenario:
    """The stretch of a day on the bar."""
    return Scenario(
        lambda stage: Zoom.DAY.value in stage.app.live.replay.bar.text,
        "replay",
        before=lambda stage: stage.app.past.turn_zoom(before),
    )


PAST = {
    "view.replay": Scenario(lambda stage: stage.app.live.is_replay_open),
    "replay.fill": came_to(["orderFilled"], "first"),
    "replay.fill_back": came_to(["orderFilled"], "error"),
    "replay.risk": came_to(RISKS, "first"),
    "replay.risk_back": came_to(RISKS, "error"),
    "replay.error": came_to(["error"], "first"),
    "replay.error_back": came_to(["error"], "last"),
    "replay.minute": at_time(lambda stage: first(stage) + MINUTE, "first"),
    "replay.minute_back": at_time(lambda stage: newest(stage) - MINUTE, "last"),
    "replay.hour": at_time(newest, "first"),
    "replay.hour_back": at_time(first, "last"),
    "replay.first": Scenario(lambda stage: now(stage).seq == 1, "replay", before=gone("last")),
    "replay.last": at_time(newest, "first"),
    "replay.time": Scenario(
        lambda stage: "03:07:02" in stage.app.live.replay.banner.text,
        "replay",
        before=gone("last"),
        answers=(*"03:07:02", "enter"),
    ),
    "replay.zoom": zoomed(0),
    "replay.zoom_out": zoomed(2),
}


async def put_in_order(stage: Stage, at: str) -> None:
    """A view, with the whole past on its bar and nothing wished for."""
    app = stage.app
    for _ in range(5):
        if app.screen is app.live:
            break
        await stage.pilot.press("escape")
    await until(lambda: app.screen is app.live)
    app.past.zoom = Zoom.ALL
    app.action_open_view(at)
    await until(lambda: not app.past._wishes)
    await stage.pilot.pause()


@pytest.mark.parametrize("way", WAYS)
async def test_every_action_on_the_past(way: str) -> None:
    async with in_the_past((80, 24)) as (app, pilot):
        await play(Stage(app, pilot, app.client), PAST, WAYS[way], put_in_order)
