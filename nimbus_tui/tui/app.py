"""The app: follows the engine, paints at a steady pace, and turns keys into commands."""

import asyncio
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from time import monotonic

from textual.app import App
from textual.binding import Binding

from nimbus_tui.control.client import EngineClient
from nimbus_tui.control.commands import (
    Command,
    EmergencyShutdown,
    FlattenBot,
    PauseBot,
    Rearm,
    ResumeBot,
    StartBot,
    StopBot,
)
from nimbus_tui.control.snapshots import BotSnapshot
from nimbus_tui.core.errors import NimbusError
from nimbus_tui.core.ids import BotId
from nimbus_tui.tui.actions import ACTIONS
from nimbus_tui.tui.driver import PatientDriver
from nimbus_tui.tui.feed import Feed
from nimbus_tui.tui.options import Farewell, ScreenOptions
from nimbus_tui.tui.palette import NimbusCommands, Offer
from nimbus_tui.tui.panels.lines_panel import LinesPanel
from nimbus_tui.tui.panels.prompts import Choice, Confirm, Prompt, TypedWord
from nimbus_tui.tui.screens.help import HelpScreen
from nimbus_tui.tui.screens.live import LiveScreen
from nimbus_tui.tui.theme import TOKENS, load_themes
from nimbus_tui.tui.viewmodels import talk
from nimbus_tui.tui.viewmodels.lines import FRESH_MS, Line

ROWS_A_PAINT = 24
"""Rows repainted at most each time the clock strikes, so that a key never waits for a flood."""
SLOW_FPS = 4
"""Paints a second while a question is open, and after the terminal has fallen behind."""
SLOW_FOR_S = 10.0
WATCH_S = 0.5
"""How often the terminal and the engine's silence are looked at."""
_ALL_ROWS = 10_000
_NOT_IN_PALETTE = frozenset({"view.palette", "move.up", "move.down"})

_HERE = Path(__file__).parent


class NimbusApp(App[Farewell]):
    """The trader's window; sees nothing but an `EngineClient`."""

    CSS_PATH = [_HERE / "screens" / f"{name}.tcss" for name in ("live", "dashboard", "bot", "help")]
    COMMANDS = {NimbusCommands}
    BINDINGS = [
        Binding(action.keys, action.name, action.label, show=False, id=action.id)
        for action in ACTIONS
    ]

    def __init__(self, client: EngineClient, options: ScreenOptions) -> None:
        super().__init__(driver_class=PatientDriver)
        self.client = client
        self.options = options
        self.feed = Feed()
        self.ending: Farewell | None = None
        """Why the screen is being closed from outside; None while it isn't."""
        self.live = LiveScreen(options.title)
        self.bot_commands: dict[str, Callable[[BotId], None]] = {
            "pause": self.pause, "resume": self.resume, "start": self.start,
            "stop": self.ask_stop, "flatten": self.ask_flatten,
        }  # fmt: skip
        self._said: Line = ()
        self._stale = True
        self._answered_at = monotonic()
        self._slow_until = 0.0
        self._painted_at = 0.0
        self._delays_seen = 0
        self._one_by_one = asyncio.Lock()
        self._ui_loop: asyncio.AbstractEventLoop | None = None
        self._themes, self._theme_problems = load_themes(options.theme_folders)

    def get_default_screen(self) -> LiveScreen:
        """The one live screen."""
        return self.live

    def get_theme_variable_defaults(self) -> dict[str, str]:
        """Our own colours where a theme leaves them out."""
        return dict(TOKENS)

    def on_mount(self) -> None:
        """Put on the theme, then follow the engine and paint."""
        self._ui_loop = asyncio.get_running_loop()
        self._put_on_themes()
        if self.ending is not None:
            self.exit(self.ending)
        pause_s = 1 / max(1, self.options.fps)
        following = self.feed.follow(self.client, pause_s, self._has_answered)
        self.run_worker(following, group="follow", exit_on_error=False)
        self.set_interval(pause_s, self.flush)
        self.set_interval(WATCH_S, self._watch)

    def _put_on_themes(self) -> None:
        for theme in self._themes:
            self.register_theme(theme)
        names = [theme.name for theme in self._themes]
        if self.options.theme in names:
            self.theme = self.options.theme
        else:
            known = ", ".join(names) or "none"
            self.say(
                talk.trouble_line(f"there is no theme {self.options.theme!r}; there are: {known}")
            )
        if self._theme_problems:
            self.say(talk.trouble_line(self._theme_problems[0]))

    # painting

    def _has_answered(self) -> None:
        self._answered_at = monotonic()
        if self.bot is None and self.feed.bots:
            self.feed.focus = next(iter(self.feed.bots))

    def flush(self) -> None:
        """Paint what has changed, so much at a time, if the terminal keeps up."""
        now = monotonic()
        if not self.screen_stack or self._is_behind(now):
            return
        is_slow = now < self._slow_until or isinstance(self.screen, Prompt)
        if is_slow and now - self._painted_at < 1 / SLOW_FPS:
            return
        self._painted_at = now
        self._repaint(ROWS_A_PAINT)

    def _repaint(self, rows: int) -> None:
        if not self.live.is_mounted:
            return
        if self.feed.changed or self._stale:
            self._stale = False
            silent_ms = (monotonic() - self._answered_at) * 1000
            self.live.show(self.feed, self.bot, self._said, silent_ms)
        self.live.paint(rows)

    def repaint_now(self) -> None:
        """Answer a key at once, whatever else waits for its paint."""
        self._stale = True
        self._repaint(_ALL_ROWS)

    def on_resize(self) -> None:
        """What fits depends on the size; the panels know theirs after the layout."""
        self.call_after_refresh(self.repaint_now)

    def _is_behind(self, now: float) -> bool:
        driver = self._driver
        if not isinstance(driver, PatientDriver):
            return False
        if driver.delays != self._delays_seen:
            self._delays_seen = driver.delays
            self._slow_until = now + SLOW_FOR_S
        return not driver.has_caught_up()

    def _watch(self) -> None:
        """Notice a terminal that went without a signal, and an engine that went silent."""
        driver = self._driver
        if isinstance(driver, PatientDriver) and (driver.lost or driver.is_hung_up()):
            self.end(Farewell.HANGUP)
        if (monotonic() - self._answered_at) * 1000 > FRESH_MS:
            self._stale = True

    # the end

    @property
    def has_lost_terminal(self) -> bool:
        """Whether the terminal went away."""
        return isinstance(self._driver, PatientDriver) and self._driver.lost

    def end(self, why: Farewell) -> None:
        """Close the screen from outside; safe in a signal handler, harmless when repeated."""
        if self.ending is not Farewell.TERMINATED:
            self.ending = why
        if why is Farewell.HANGUP and isinstance(self._driver, PatientDriver):
            self._driver.let_go()
        if self._ui_loop is not None and not self._ui_loop.is_closed():
            self._ui_loop.call_soon_threadsafe(self.exit, why)

    # the selected bot

    @property
    def bot(self) -> BotSnapshot | None:
        """The selected bot, held by its name, not by its row."""
        focus = self.feed.focus
        return self.feed.bots.get(focus) if focus is not None else None

    def select(self, bot_id: BotId) -> None:
        """Turn to another bot."""
        self.feed.focus = bot_id
        self.repaint_now()

    def open(self, bot_id: BotId) -> None:
        """Turn to a bot and give it the whole screen."""
        self.select(bot_id)
        self.action_open_bot()

    def on_lines_panel_picked(self, event: LinesPanel.Picked) -> None:
        """A click on a row of the table selects the bot."""
        names = list(self.feed.bots)
        if event.panel is self.live.dashboard.bots and event.row < len(names):
            self.select(names[event.row])

    # commands

    def say(self, line: Line) -> None:
        """Put a word above the footer, where it stays until the next one."""
        self._said = line
        self._stale = True

    def send(self, command: Command, doing: str) -> None:
        """Send a command; what comes of it appears above the footer."""
        self.say(talk.sending_line(doing))
        self.repaint_now()
        self.run_worker(self._sent(command), group="commands", exit_on_error=False)

    async def _sent(self, command: Command) -> None:
        try:
            if isinstance(command, EmergencyShutdown):  # waits behind nothing
                outcome = await self.client.execute(command)
            else:
                async with self._one_by_one:
                    outcome = await self.client.execute(command)
        except NimbusError as error:
            self.say(talk.trouble_line(f"no answer from the engine: {error}"))
        except Exception as error:  # the screen's edge: the operator must learn that it failed
            self.say(talk.trouble_line(f"the command failed: {type(error).__name__}: {error}"))
        else:
            self.say(talk.outcome_line(outcome))

    def pause(self, bot_id: BotId) -> None:
        """Pause at once: pausing never asks."""
        self.send(PauseBot(bot_id), f"pausing {bot_id}")

    def resume(self, bot_id: BotId) -> None:
        """Lift the operator's pause."""
        self.send(ResumeBot(bot_id), f"resuming {bot_id}")

    def start(self, bot_id: BotId) -> None:
        """Start a stopped bot."""
        self.send(StartBot(bot_id), f"starting {bot_id}")

    def ask_stop(self, bot_id: BotId) -> None:
        """Say what stopping means, then stop if confirmed."""
        bot = self.feed.bots.get(bot_id)
        if bot is not None:
            question = talk.stop_question(bot, self.options.on_stop.get(bot_id))
            self._ask(question, "stop", StopBot(bot_id), f"stopping {bot_id}")

    def ask_flatten(self, bot_id: BotId) -> None:
        """Say what flattening means, then do it if confirmed."""
        bot = self.feed.bots.get(bot_id)
        if bot is not None:
            question = talk.flatten_question(bot)
            self._ask(question, "flatten", FlattenBot(bot_id), f"flattening {bot_id}")

    def _ask(self, question: str, verb: str, command: Command, doing: str) -> None:
        def answered(yes: bool | None) -> None:
            if yes:
                self.send(command, doing)
            else:
                self.say(talk.note_line(f"not {doing}: nothing was done"))

        self.push_screen(Confirm(question, verb, dangerous=True), answered)

    def _on_bot(self, act: Callable[[BotId], None]) -> None:
        if self.bot is None:
            self.say(talk.note_line("there is no bot"))
        else:
            act(self.bot.bot_id)

    def action_pause_bot(self) -> None:
        """Pause the selected bot."""
        self._on_bot(self.pause)

    def action_resume_bot(self) -> None:
        """Resume the selected bot."""
        self._on_bot(self.resume)

    def action_start_bot(self) -> None:
        """Start the selected bot."""
        self._on_bot(self.start)

    def action_stop_bot(self) -> None:
        """Ask, then stop the selected bot."""
        self._on_bot(self.ask_stop)

    def action_flatten_bot(self) -> None:
        """Ask, then flatten the selected bot."""
        self._on_bot(self.ask_flatten)

    def action_emergency(self) -> None:
        """Ask for the word, then cancel everything."""

        def answered(yes: bool | None) -> None:
            if yes:
                self.send(EmergencyShutdown(), "EMERGENCY: cancelling every order")
            else:
                self.say(talk.note_line("no emergency: nothing was done"))

        bots, engine = list(self.feed.bots.values()), self.feed.engine
        question = talk.emergency_question(
            bots, engine.currency if engine else "", close=self.options.close_in_emergency
        )
        self.push_screen(TypedWord(question, "EMERGENCY"), answered)

    def action_rearm(self) -> None:
        """Ask, then lift the emergency."""
        self._ask(talk.rearm_question(), "rearm", Rearm(), "rearming")

    async def action_quit(self) -> None:
        """Ask what becomes of the resting orders."""
        if isinstance(self.screen, Prompt):
            return
        demo, bots = self.options.demo, list(self.feed.bots.values())
        ways = {
            "l": Farewell.LEAVE_RUNNING,
            "k": Farewell.STOP_KEEP_ORDERS,
            "q": Farewell.STOP_KEEP_ORDERS,
            "c": Farewell.STOP_CANCEL_ORDERS,
        }

        def answered(key: str | None) -> None:
            if key is not None:
                self.exit(ways[key])

        choices = talk.quit_choices(demo=demo, may_leave=self.options.may_leave)
        self.push_screen(Choice(talk.quit_question(bots, demo=demo), choices), answered)

    # moving about

    def action_move(self, by: int) -> None:
        """Select another bot; on a bot's own screen, look up or down its ladder."""
        names = list(self.feed.bots)
        if self.live.is_bot_open:
            self.live.view.scroll_rows(by)
        elif names:
            at = names.index(self.bot.bot_id) if self.bot is not None else 0
            self.select(names[max(0, min(at + by, len(names) - 1))])

    def action_turn(self, by: int) -> None:
        """The next pane of the view."""
        self.live.view.turn(by)
        self.call_after_refresh(self.repaint_now)

    def action_open_bot(self) -> None:
        """The bot on the whole screen."""
        if self.bot is not None:
            self.live.open("bot")
            self.call_after_refresh(self.repaint_now)

    async def action_back(self) -> None:
        """Back to the dashboard."""
        self.live.open("dashboard")
        self.call_after_refresh(self.repaint_now)

    def action_next_theme(self) -> None:
        """The next theme of ours."""
        names = [theme.name for theme in self._themes]
        if names:
            at = names.index(self.theme) if self.theme in names else -1
            self.theme = names[(at + 1) % len(names)]
            self.say(talk.note_line(f"theme {self.theme}"))
            self.call_after_refresh(self.repaint_now)

    def action_help(self) -> None:
        """All keys."""
        self.push_screen(HelpScreen())

    def offers(self) -> Iterator[Offer]:
        """What the command palette finds."""
        for action in ACTIONS:
            if action.id not in _NOT_IN_PALETTE:
                call = partial(self.run_action, f"app.{action.name}")
                yield Offer(action.label, action.help, call)
        for bot_id in self.feed.bots:
            yield Offer(f"show {bot_id}", "Open this bot's screen", partial(self.open, bot_id))
            for verb, act in self.bot_commands.items():
                yield Offer(f"{verb} {bot_id}", f"{verb.capitalize()} it", partial(act, bot_id))
