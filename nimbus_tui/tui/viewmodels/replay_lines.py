"""Lists of the replay screen: events around a moment, and where the risk stood."""

from typing import NamedTuple

from nimbus_tui.control.past import PastMoment
from nimbus_tui.control.snapshots import BotSnapshot
from nimbus_tui.core.events import Event
from nimbus_tui.tui.viewmodels.happenings import describe, is_told
from nimbus_tui.tui.viewmodels.lines import Cell, Line, clean, clock, left, width_of
from nimbus_tui.tui.viewmodels.risk_history import history
from nimbus_tui.tui.viewmodels.words import state_or_worse

_MOST_WHO = 14
_ENGINE = "engine"


class Around(NamedTuple):
    """Events in order of time, and which of them the moment is after."""

    rows: list[Line]
    seqs: list[int]
    """The event of each row."""
    at: int | None


def events_around(then: PastMoment) -> Around:
    """What had happened, and muted below it what was still to come."""
    told = [event for event in then.events if is_told(event) or event.seq == then.seq]
    names = [clean(event.bot_id or _ENGINE) for event in told]
    who = min(_MOST_WHO, max((width_of(name) for name in names), default=0))
    rows = [_event(event, who, is_later=event.seq > then.seq) for event in told]
    found = [at for at, event in enumerate(told) if event.seq == then.seq]
    return Around(rows, [event.seq for event in told], found[0] if found else None)


def _event(event: Event, who: int, *, is_later: bool) -> Line:
    told = describe(event)
    return (
        Cell(f" {clock(event.ts)} ", "muted"),
        left(event.bot_id or _ENGINE, who, "muted"),
        Cell(f" {clean(told.text)}", "muted" if is_later else told.tone),
    )


def risk_then(then: PastMoment, width: int) -> list[Line]:
    """Each bot's step and why, and below them how it came about, newest first."""
    names = [clean(bot.bot_id) for bot in then.bots]
    who = min(_MOST_WHO, max((width_of(name) for name in names), default=0))
    rows = [_standing(bot, who) for bot in then.bots]
    return [*rows, (), *history(then.risk_events, then.ts, width)]


def _standing(bot: BotSnapshot, who: int) -> Line:
    state = state_or_worse(bot.state, bot.risk)
    return (
        Cell(" "),
        left(bot.bot_id, who, "strong"),
        Cell(" "),
        left(state.text, 12, state.tone),
        Cell(clean(bot.reason), "muted"),
    )
