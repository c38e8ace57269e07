"""The operator's commands: asked about where they are dangerous, sent, and what came of them."""

import asyncio
from collections.abc import Callable, Coroutine, Sequence
from typing import Any, Protocol

from nimbus_tui.control.client import EngineClient
from nimbus_tui.control.commands import (
    CancelOrder,
    Command,
    EmergencyShutdown,
    FlattenBot,
    Outcome,
    PauseBot,
    Rearm,
    ResetPeak,
    Result,
    ResumeBot,
    StartBot,
    StopBot,
)
from nimbus_tui.core.errors import NimbusError
from nimbus_tui.core.ids import BotId
from nimbus_tui.core.order import Order
from nimbus_tui.tui.feed import Feed
from nimbus_tui.tui.options import ScreenOptions
from nimbus_tui.tui.panels.prompts import Confirm, Prompt, TypedWord
from nimbus_tui.tui.risk_feed import RiskFeed
from nimbus_tui.tui.viewmodels import talk, talk_many
from nimbus_tui.tui.viewmodels.lines import Line
from nimbus_tui.tui.viewmodels.risk_board import Board
from nimbus_tui.tui.viewmodels.risk_rules import rule_of

_DRAWDOWN = rule_of("drawdown")
_OfBot = PauseBot | ResumeBot | StartBot | StopBot | FlattenBot
_MANY: dict[str, tuple[type[_OfBot], str]] = {
    "pause": (PauseBot, "pausing"), "resume": (ResumeBot, "resuming"),
    "start": (StartBot, "starting"), "stop": (StopBot, "stopping"),
    "flatten": (FlattenBot, "flattening"),
}  # fmt: skip
"""What several bots can be told at once."""


class Desk(Protocol):
    """What the operator needs of the app."""

    client: EngineClient
    feed: Feed
    risk: RiskFeed
    options: ScreenOptions

    def say(self, line: Line) -> None:
        """Put a word above the footer."""
        ...

    def repaint_now(self) -> None:
        """Show at once what has changed."""
        ...

    def ask(self, prompt: Prompt[bool], answered: Callable[[bool | None], None]) -> None:
        """Put a question."""
        ...

    def work_on(self, command: Coroutine[Any, Any, None]) -> None:
        """Carry on with a command while the screen lives on."""
        ...


class Operator:
    """Asks, sends, and says above the footer what happened."""

    def __init__(self, app: Desk) -> None:
        self._app = app
        self._one_by_one = asyncio.Lock()
        self.bot_commands: dict[str, Callable[[BotId], None]] = {
            "pause": self.pause, "resume": self.resume, "start": self.start,
            "stop": self.ask_stop, "flatten": self.ask_flatten, "reset peak": self.ask_reset,
        }  # fmt: skip
        """What can be done to one bot, by the name that the palette gives it."""

    def send(self, command: Command, doing: str) -> None:
        """Send a command; what comes of it appears above the footer."""
        self._app.say(talk.sending_line(doing))
        self._app.work_on(self._sent(command))

    async def _sent(self, command: Command) -> None:
        say, client = self._app.say, self._app.client
        try:
            if isinstance(command, EmergencyShutdown):  # waits behind nothing
                outcome = await client.execute(command)
            else:
                async with self._one_by_one:
                    outcome = await client.execute(command)
        except NimbusError as error:
            say(talk.trouble_line(f"no answer from the engine: {error}"))
        except Exception as error:  # the screen's edge: the operator must learn that it failed
            say(talk.trouble_line(f"the command failed: {type(error).__name__}: {error}"))
        else:
            say(talk.outcome_line(outcome))

    # at once

    def pause(self, bot_id: BotId) -> None:
        """Pause at once: pausing never asks."""
        self.send(PauseBot(bot_id), f"pausing {bot_id}")

    def resume(self, bot_id: BotId) -> None:
        """Lift the operator's pause."""
        self.send(ResumeBot(bot_id), f"resuming {bot_id}")

    def start(self, bot_id: BotId) -> None:
        """Start a stopped bot."""
        self.send(StartBot(bot_id), f"starting {bot_id}")

    # several at once

    def on_many(self, verb: str, bot_ids: Sequence[BotId]) -> None:
        """One command for several bots: pausing at once, all else after one question."""
        bots = [self._app.feed.bots[name] for name in bot_ids if name in self._app.feed.bots]
        kind, doing = _MANY[verb]
        commands = [kind(bot.bot_id) for bot in bots]
        words = f"{doing} {talk_many.names_of([bot.bot_id for bot in bots])}"
        if verb == "pause":
            self._send_all(commands, words)
            return
        question = talk_many.many_question(verb, bots)

        def answered(yes: bool | None) -> None:
            if yes:
                self._send_all(commands, words)
            else:
                self._app.say(talk.note_line(f"not {words}: nothing was done"))

        dangerous = verb in ("stop", "flatten")
        self._app.ask(Confirm(question, f"{verb} all", dangerous=dangerous), answered)

    def _send_all(self, commands: Sequence[_OfBot], doing: str) -> None:
        self._app.say(talk.sending_line(doing))
        self._app.repaint_now()
        self._app.work_on(self._sent_all(commands))

    async def _sent_all(self, commands: Sequence[_OfBot]) -> None:
        outcomes = []
        for command in commands:
            try:
                async with self._one_by_one:
                    outcome = await self._app.client.execute(command)
            except NimbusError as error:
                outcome = Outcome(Result.REFUSED, f"{command.bot_id}: no answer: {error}")
            except Exception as error:  # the screen's edge: the others still get their command
                told = f"{command.bot_id}: it failed: {type(error).__name__}: {error}"
                outcome = Outcome(Result.REFUSED, told)
            outcomes.append((command.bot_id, outcome))
        self._app.say(talk_many.many_outcome(outcomes))

    # after a question

    def ask_cancel(self, order: Order) -> None:
        """Say which order goes and what that means, then cancel it if confirmed."""
        prompt = Confirm(talk_many.cancel_question(order), "cancel the order", dangerous=True)
        command = CancelOrder(order.bot_id, order.client_order_id)
        self._ask(prompt, command, f"cancelling {order.key} of {order.bot_id}")

    def ask_stop(self, bot_id: BotId) -> None:
        """Say what stopping means, then stop if confirmed."""
        bot = self._app.feed.bots.get(bot_id)
        if bot is not None:
            detail = self._app.feed.detail
            orders = detail.orders if detail is not None and detail.bot_id == bot_id else ()
            question = talk.stop_question(bot, orders)
            prompt = Confirm(question, "stop", dangerous=True)
            self._ask(prompt, StopBot(bot_id), f"stopping {bot_id}")

    def ask_flatten(self, bot_id: BotId) -> None:
        """Say what flattening means, then do it if confirmed."""
        bot = self._app.feed.bots.get(bot_id)
        if bot is not None:
            prompt = Confirm(talk.flatten_question(bot), "flatten", dangerous=True)
            self._ask(prompt, FlattenBot(bot_id), f"flattening {bot_id}")

    def ask_reset(self, bot_id: BotId) -> None:
        """Say what a new peak means, ask for the word, then begin afresh."""
        snapshot = self._app.risk.snapshot
        known = Board(snapshot, ()).reading(bot_id, _DRAWDOWN) if snapshot is not None else None
        prompt = TypedWord(talk.reset_question(bot_id, known), "RESET")
        self._ask(prompt, ResetPeak(bot_id), f"resetting the drawdown's peak of {bot_id}")

    def ask_emergency(self) -> None:
        """Ask for the word, then cancel everything."""
        feed = self._app.feed
        question = talk.emergency_question(
            list(feed.bots.values()),
            feed.engine.currency if feed.engine else "",
            close=feed.engine is not None and feed.engine.close_in_emergency,
        )
        prompt = TypedWord(question, "EMERGENCY")
        self._ask(prompt, EmergencyShutdown(), "EMERGENCY: cancelling every order", "no emergency")

    def ask_rearm(self) -> None:
        """Ask for the word, then lift the emergency."""
        engine = self._app.feed.engine
        question = talk.rearm_question(engine.emergency if engine is not None else "")
        self._ask(TypedWord(question, "REARM"), Rearm(), "rearming")

    def _ask(self, prompt: Prompt[bool], command: Command, doing: str, undone: str = "") -> None:
        def answered(yes: bool | None) -> None:
            if yes:
                self.send(command, doing)
            else:
                words = undone or f"not {doing}"
                self._app.say(talk.note_line(f"{words}: nothing was done"))

        self._app.ask(prompt, answered)
