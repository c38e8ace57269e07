"""What the keys of the replay screen do: steps and jumps go to the feed, a time is asked for."""

from collections.abc import Callable
from typing import Protocol

from nimbus_tui.tui.panels.prompts import Answer, Prompt, WrittenLine
from nimbus_tui.tui.replay_feed import ReplayFeed
from nimbus_tui.tui.viewmodels import talk
from nimbus_tui.tui.viewmodels.lines import Line
from nimbus_tui.tui.viewmodels.replay_bar import moment_of

_EXAMPLE = "2026-11-22 03:07"


class Reel(Protocol):
    """What it needs of the app."""

    past: ReplayFeed

    def say(self, line: Line) -> None:
        """Put a word above the footer."""
        ...

    def ask(self, prompt: Prompt[Answer], answered: Callable[[Answer | None], None]) -> None:
        """Put a question."""
        ...


def rewind(app: Reel, kind: str, by: int) -> None:
    """Go on by so many of a kind; `zoom` changes the bar, `ask` asks for a time."""

    def answered(written: str | None) -> None:
        if not written:
            return
        then = app.past.moment
        found = moment_of(written, then.ts if then is not None else 0)
        if found is None:
            app.say(talk.trouble_line(talk.no_time(written)))
        else:
            app.past.go("at", found)

    if kind == "ask":
        app.ask(WrittenLine(talk.TIME_QUESTION, _EXAMPLE), answered)
    elif kind == "zoom":
        app.past.turn_zoom(by)
    else:
        app.past.go(kind, by)
