"""The replay screen on an engine with a past, by key, by palette and by mouse."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
from textual.pilot import Pilot
from textual.widgets import Input

from nimbus_tui.control.past import PastMoment
from nimbus_tui.control.snapshots import BotState
from nimbus_tui.core.errors import EngineUnreachable
from nimbus_tui.core.events import Error, Event, OrderFilled, Paused
from nimbus_tui.engine.local_client import LocalClient
from nimbus_tui.tui.app import NimbusApp
from nimbus_tui.tui.panels.prompts import Confirm, WrittenLine
from nimbus_tui.tui.viewmodels.happenings import is_told
from tests.tui.opened import opened, settled, text
from tests.tui.past_world import past_world
from tests.tui.waiting import until


@asynccontextmanager
async def in_the_past(
    size: tuple[int, int] = (80, 24), **options: Any
) -> AsyncIterator[tuple[NimbusApp, Pilot[Any]]]:
    """The replay screen at the newest event."""
    world = await past_world()
    async with opened(LocalClient(world.engine), size, **options) as (app, pilot):
        await pilot.press("8")
        await arrived(app, pilot, 1)
        yield app, pilot
    await world.engine.stop()


async def arrived(app: NimbusApp, pilot: Pilot[Any], asked: int) -> PastMoment:
    """So many moments were fetched, and nothing more is wanted."""
    await until(lambda: app.past.asked >= asked and not app.past._wishes)
    await until(lambda: app.past.marks is not None)
    await settled(app, pilot)
    assert app.past.moment is not None
    return app.past.moment


async def press(app: NimbusApp, pilot: Pilot[Any], key: str) -> PastMoment:
    before = app.past.asked
    await pilot.press(key)
    return await arrived(app, pilot, before + 1)


def event_of(then: PastMoment) -> Event:
    return next(event for event in then.events if event.seq == then.seq)


async def test_nobody_can_take_the_past_for_the_present() -> None:
    async with in_the_past() as (app, pilot):
        assert "THE PAST  Sat 22 Nov 2025 03:08:07 UTC" in text(app)
        assert "Esc back to now" in text(app)
        assert all(row[0] in "▌█▐" for row in text(app).split("\n")[2:22])
        await pilot.press("escape")
        await until(lambda: not app.live.is_replay_open)
        await settled(app, pilot)
        assert "THE PAST" not in text(app)


async def test_left_and_right_go_by_events_that_tell_something() -> None:
    async with in_the_past() as (app, pilot):
        newest = app.past.moment
        assert newest is not None
        told = [event.seq for event in newest.events if is_told(event)]
        assert (await press(app, pilot, "left")).seq == told[-2]
        assert (await press(app, pilot, "h")).seq == told[-3]
        assert (await press(app, pilot, "right")).seq == told[-2]
        assert (await press(app, pilot, "end")).seq == newest.seq
        await press(app, pilot, "l")
        assert app.past.note == "there is no later event"
        assert "there is no later event" in text(app)
        assert (await press(app, pilot, "home")).seq == 1
        await press(app, pilot, "left")
        assert app.past.note == "there is no earlier event"


async def test_keys_that_come_faster_than_answers_become_one_step() -> None:
    async with in_the_past() as (app, pilot):
        newest = app.past.moment
        assert newest is not None
        told = [event.seq for event in newest.events if is_told(event)]
        for _ in range(9):
            app.action_turn(-1)
        before = app.past.asked
        then = await arrived(app, pilot, before + 1)
        assert (then.seq, app.past.asked) == (told[-10], before + 1)


async def test_jumps_lead_to_fills_changes_of_risk_and_errors() -> None:
    async with in_the_past() as (app, pilot):
        for key, kind in (("Z", Error), ("W", Paused), ("F", OrderFilled)):
            then = await press(app, pilot, key)
            while kind is Paused and not isinstance(event_of(then), Paused):
                then = await press(app, pilot, key)
            assert isinstance(event_of(then), kind)
        for key, kind in (("z", Error), ("f", OrderFilled)):
            assert isinstance(event_of(await press(app, pilot, key)), kind)
        await press(app, pilot, "z")
        assert app.past.note == "there is no later error"
        then = await press(app, pilot, "W")
        assert (await press(app, pilot, "w")).seq > then.seq or app.past.note


async def test_minutes_and_hours_are_gone_by_and_stay_within_the_past() -> None:
    async with in_the_past() as (app, pilot):
        newest = app.past.moment
        assert newest is not None
        minute = 60_000_000_000
        assert (await press(app, pilot, "shift+left")).ts == newest.ts - minute
        assert (await press(app, pilot, "pagedown")).ts == newest.ts
        assert (await press(app, pilot, "pageup")).ts == newest.ts - minute
        assert (await press(app, pilot, "shift+right")).ts == newest.ts
        assert app.past.moments is not None
        assert app.past.moments.first is not None
        assert (await press(app, pilot, "<")).ts == app.past.moments.first.ts
        assert (await press(app, pilot, ">")).ts == newest.ts


async def test_the_panels_are_as_they_were() -> None:
    async with in_the_past((200, 60)) as (app, pilot):
        await press(app, pilot, "home")
        before = await press(app, pilot, "f")
        assert before.bots[0].position
        assert "▲ buy" in app.live.replay.fills.text
        assert "0.0418" in app.live.replay.figures.text
        assert before.bots[0].state is BotState.RUNNING
        while not isinstance(event_of(await press(app, pilot, "w")), Paused):
            pass
        assert "‖ paused" in app.live.replay.risk.text
        assert "‖ paused" in app.live.replay.bots.text
        assert "bought" in app.live.replay.events.text


async def test_a_typed_time_is_gone_to_and_a_wrong_one_is_told() -> None:
    async with in_the_past() as (app, pilot):
        for written, said in (("half past", "'half past' is no time"), ("03:07:02", "")):
            await pilot.press("g")
            await until(lambda: isinstance(app.screen, WrittenLine))
            app.screen.query_one(Input).value = written
            before = app.past.asked
            await pilot.press("enter")
            await until(lambda: not isinstance(app.screen, WrittenLine))
            if said:
                await settled(app, pilot)
                assert said in text(app)
            else:
                then = await arrived(app, pilot, before + 1)
                assert "03:07:02" in text(app)
                assert then.bots[0].position == 0


async def test_a_click_on_the_bar_or_an_event_goes_there() -> None:
    async with in_the_past((200, 60)) as (app, pilot):
        before = app.past.asked
        await pilot.click("#replay-bar", offset=(2, 1))
        then = await arrived(app, pilot, before + 1)
        assert app.past.moments is not None
        assert app.past.moments.first is not None
        assert then.ts - app.past.moments.first.ts < 1_000_000_000
        before, listed = app.past.asked, app.live.replay._listed
        await pilot.click("#replay-events", offset=(12, 1))
        then = await arrived(app, pilot, before + 1)
        assert then.seq in listed


async def test_the_bar_shows_an_hour_or_a_day_too() -> None:
    async with in_the_past() as (app, pilot):
        assert "everything" in app.live.replay.bar.text
        for key, words in (("+", "one day"), ("+", "one hour"), ("-", "one day")):
            await press(app, pilot, key)
            assert words in app.live.replay.bar.text
        assert "00:00" in app.live.replay.bar.text


async def test_commands_wait_for_the_present_but_a_pause_does_not() -> None:
    async with in_the_past() as (app, pilot):
        await pilot.press("x")
        await settled(app, pilot)
        assert not isinstance(app.screen, Confirm)
        assert "this is the past" in text(app)
        await pilot.press("p")
        await until(lambda: app.feed.bots["grid"].state is BotState.PAUSED)


async def test_keys_of_the_past_do_nothing_elsewhere_and_the_palette_leaves_them_out() -> None:
    async with in_the_past() as (app, pilot):
        assert "next fill" in {offer.name for offer in app.offers()}
        await pilot.press("1")
        await until(lambda: not app.live.is_replay_open)
        before = app.past.asked
        await pilot.press("f", "home", "g")
        await settled(app, pilot)
        assert app.past.asked == before
        names = {offer.name for offer in app.offers()}
        assert "next fill" not in names
        assert "replay" in names


async def test_the_palette_opens_the_past() -> None:
    world = await past_world()
    async with opened(LocalClient(world.engine)) as (app, pilot):
        await pilot.press("ctrl+p")
        await pilot.press(*"replay", "enter")
        await until(lambda: app.live.is_replay_open and app.past.asked > 0)
        await pilot.pause()
    await world.engine.stop()


async def test_panes_turn_where_there_is_no_room_for_all() -> None:
    async with in_the_past() as (app, pilot):
        for words in ("figures then", "risk then", "fills by then", "events around", "level"):
            await pilot.press("v")
            await settled(app, pilot)
            assert words in text(app)


class Mute(LocalClient):
    """Knows the present but not the past."""

    why = "the journal is gone"

    async def history(self, **asked: Any) -> PastMoment:
        await asyncio.sleep(0)
        raise EngineUnreachable(self.why)


async def test_a_past_that_can_not_be_read_says_why() -> None:
    world = await past_world()
    async with opened(Mute(world.engine)) as (app, pilot):
        await pilot.press("8")
        await until(lambda: bool(app.past.problem))
        await settled(app, pilot)
        assert "THE PAST can't be read: the journal is gone" in text(app)
    await world.engine.stop()


@pytest.mark.parametrize("size", [(20, 5), (60, 12), (400, 100)])
async def test_no_size_is_too_small_or_too_large(size: tuple[int, int]) -> None:
    async with in_the_past(size) as (app, pilot):
        await press(app, pilot, "F")
        assert "THE PAST" in text(app)
