"""The window on an engine: follows it, and paints what is new at a steady pace."""

import asyncio
import traceback
from collections.abc import Callable, Coroutine, Sequence
from time import monotonic
from typing import Any

from rich.text import Text
from textual.app import App
from textual.events import Event, Key, Paste
from textual.filter import LineFilter, NoColor
from textual.timer import Timer

from nimbus_tui.config.actions import ACTIONS, remapped
from nimbus_tui.config.drafts import DraftFile
from nimbus_tui.config.model import Glyphs
from nimbus_tui.control.client import EngineClient
from nimbus_tui.control.snapshots import BotSnapshot
from nimbus_tui.core.ids import BotId
from nimbus_tui.core.redaction import redacted
from nimbus_tui.tui.backtest_feed import BacktestFeed
from nimbus_tui.tui.config_draft import ConfigDraft
from nimbus_tui.tui.curtain import curtain
from nimbus_tui.tui.driver import AsciiDriver, PatientDriver
from nimbus_tui.tui.feed import Feed
from nimbus_tui.tui.herald import Herald
from nimbus_tui.tui.operator import Operator
from nimbus_tui.tui.options import Farewell, ScreenOptions
from nimbus_tui.tui.pace import ROWS_AT_ONCE
from nimbus_tui.tui.panels.prompts import Answer, Prompt
from nimbus_tui.tui.replay_feed import ReplayFeed
from nimbus_tui.tui.risk_feed import RiskFeed
from nimbus_tui.tui.screens.config import ConfigScreen
from nimbus_tui.tui.screens.live import LiveScreen
from nimbus_tui.tui.table_desk import TableDesk
from nimbus_tui.tui.table_feed import follow
from nimbus_tui.tui.theme import TOKENS
from nimbus_tui.tui.typed_ahead import TypedAhead
from nimbus_tui.tui.viewmodels.lines import FRESH_MS, Line
from nimbus_tui.tui.wardrobe import Wardrobe

SLOW_FPS = 4
"""Paints a second while a question is open, and after the terminal has fallen behind."""
SLOW_FOR_S = 10.0
WATCH_S = 0.5
"""How often the terminal and the engine's silence are looked at."""
EMPTY_S = 0.5
"""How long a first picture without figures is held back."""
REST_S = 0.1
"""How long a terminal keeps its size before it is taken for settled."""
_ALL_ROWS = 10_000
SLOW_ANSWER_ROWS = 6
"""Rows that a key brings at once over a slow link; the others follow at its pace."""


class Window(App[Farewell]):
    """Everything of the app but what its keys do; sees nothing but an `EngineClient`."""

    def __init__(self, client: EngineClient, options: ScreenOptions) -> None:
        is_ascii = options.glyphs is Glyphs.ASCII
        super().__init__(driver_class=AsciiDriver if is_ascii else PatientDriver)
        self.client = client
        self.options = options
        self.feed = Feed()
        self.ending: Farewell | None = None
        """Why the screen is being closed from outside; None while it isn't."""
        self.on_settled: Callable[[], None] | None = None
        """Called once the engine's first answer has been painted."""
        self.risk = RiskFeed(self.feed)
        self.actions = tuple(
            action
            for action in remapped(ACTIONS, options.keys)
            if options.may_detach or action.id != "app.detach"
        )
        """What can be done, with the keys that do it here."""
        self.past = ReplayFeed(self.feed)
        self.backtests = BacktestFeed(self.feed)
        self.live = LiveScreen(
            options.title, self.feed, self.risk, self.past, self.backtests, self.actions
        )
        self.operator = Operator(self)
        self.tables = TableDesk(self)
        self.draft: ConfigDraft | None = None
        """A config that was edited and is not saved."""
        folder = options.draft_folder
        self.draft_file = DraftFile(folder) if folder is not None else None
        self._said: Line = ()
        self._stale = True
        self._answered_at = monotonic()
        self._slow_until = 0.0
        self._painted_at = 0.0
        self._resting: Timer | None = None
        self._typed_ahead = TypedAhead(self)
        self._delays_seen = 0
        self._happened = asyncio.Event()
        """Something has happened after which another table may be wanted, or other rows."""
        self._clock: Timer | None = None
        """Strikes as long as there is anything to paint."""
        self._ui_loop: asyncio.AbstractEventLoop | None = None
        self.wardrobe = Wardrobe(self, options.theme_folders, self.say)
        self.wardrobe.begin_with(options.theme)  # before the first style is worked out
        self.herald = Herald(options.title, options.outside, self._write)

    async def on_event(self, event: Event) -> None:
        """Keys one after the other, however fast they come."""
        if not isinstance(event, Key | Paste) or event.is_forwarded:
            await super().on_event(event)
        elif not self._typed_ahead.holds(event):
            receiver = self.focused or self.screen
            await super().on_event(event)
            self._typed_ahead.follow(receiver)

    def get_default_screen(self) -> LiveScreen:
        """The one live screen."""
        return self.live

    def get_theme_variable_defaults(self) -> dict[str, str]:
        """Our own colours where a theme leaves them out."""
        return dict(TOKENS)

    def get_line_filters(self) -> Sequence[LineFilter]:
        """NO_COLOR means none at all; Textual would choose greys before it knows the theme."""
        return [NoColor()] if self.no_color else super().get_line_filters()

    def on_mount(self) -> None:
        """Follow the engine and paint; nothing is shown before there are figures."""
        self._ui_loop = asyncio.get_running_loop()
        self.set_keymap(dict(self.options.keys))
        if self.ending is not None:
            self.exit(self.ending)
        pause_s = 1 / max(1, self.options.fps)
        following = self.feed.follow(self.client, pause_s, self._has_answered)
        self.run_worker(following, group="follow", exit_on_error=False)
        looking = self.risk.follow(self.client, lambda: self.live.wants_risk)
        self.run_worker(looking, group="risk", exit_on_error=False)
        reading = follow(self.client, lambda: self.live.wanted_rows, self._happened)
        self.run_worker(reading, group="tables", exit_on_error=False)
        self.run_worker(self.past.follow(self.client), group="past", exit_on_error=False)
        testing = self.backtests.follow(self.client)
        self.run_worker(testing, group="backtests", exit_on_error=False)
        self._clock = self.set_interval(pause_s, self.flush)
        self.feed.on_change = self._clock.resume
        self.set_interval(WATCH_S, self._watch)
        if (terminal := self._terminal) is not None:
            terminal.holds = True
        self.set_timer(EMPTY_S, self._lift)

    def on_unmount(self) -> None:
        """What was typed and not saved is left for the next screen."""
        if self.draft_file is not None:
            self.draft_file.release()

    def _fatal_error(self) -> None:
        """Textual would show the local variables of every frame, and keys may be among them."""
        self.panic(Text(redacted(traceback.format_exc())))

    @property
    def _terminal(self) -> PatientDriver | None:
        """The real terminal; None where there is none, as in a test."""
        return self._driver if isinstance(self._driver, PatientDriver) else None

    # painting

    def _has_answered(self) -> None:
        self._answered_at = monotonic()
        if self.bot is None and self.feed.bots:
            self.feed.focus = next(iter(self.feed.bots))
        if self.feed.answers == 1:
            self.repaint_now()
        self._look()

    def _look(self) -> None:
        """Let those who ask for one view alone see whether they are wanted."""
        self._happened.set()
        self.risk.woken.set()

    def _mark_stale(self) -> None:
        self._stale = True
        if self._clock is not None:
            self._clock.resume()

    def flush(self) -> None:
        """Paint what has changed, so much at a time, if the terminal keeps up."""
        now = monotonic()
        if not self.screen_stack or self._is_behind(now):
            return
        if self._clock is not None and not self._has_work:
            self._clock.pause()
            return
        is_slow = now < self._slow_until or isinstance(self.screen, Prompt | ConfigScreen)
        if is_slow and now - self._painted_at < 1 / SLOW_FPS:
            return
        self._painted_at = now
        terminal = self._terminal
        self._repaint(terminal.pace.rows if terminal is not None else ROWS_AT_ONCE)
        if terminal is not None:
            terminal.pace.painted()
            self.call_after_refresh(terminal.ask_if_shown)

    @property
    def _has_work(self) -> bool:
        is_shown = self.live.is_mounted and not self._stale and not self.feed.changed
        return not is_shown or self.live.has_more

    def _repaint(self, rows: int, *, is_answer: bool = False) -> None:
        if not self.live.is_mounted:
            return
        if self.feed.changed or self._stale:
            self._stale = False
            silent_ms = (monotonic() - self._answered_at) * 1000
            self.live.show(self.feed, self.bot, self._said, silent_ms)
            self._look()
        self.live.paint(rows, is_answer=is_answer)
        if self.on_settled is not None and self.feed.engine is not None:
            self.call_after_refresh(self.on_settled)
            self.on_settled = None
        terminal = self._terminal
        if terminal is not None and terminal.holds and self.feed.engine is not None:
            self.call_after_refresh(self._lift)

    def _lift(self) -> None:
        """Let the terminal have the first picture: with figures, or without where none come."""
        terminal = self._terminal
        if terminal is not None and terminal.holds:
            terminal.holds = False
            self.screen.refresh()
            self.call_after_refresh(curtain.hand_over)

    def repaint_now(self) -> None:
        """Answer a key at once, whatever else waits for its paint."""
        self._mark_stale()
        terminal = self._terminal
        is_slow = terminal is not None and terminal.pace.is_slow
        self._repaint(SLOW_ANSWER_ROWS if is_slow else _ALL_ROWS, is_answer=True)

    def on_resize(self) -> None:
        """What fits depends on the size; the panels know theirs after the layout.

        A terminal that was smaller for a moment has lost what it showed, even where the size that
        is seen here never changed: so everything is painted once more when the size rests.
        """
        self.call_after_refresh(self.repaint_now)
        if self._resting is not None:
            self._resting.stop()
        self._resting = self.set_timer(REST_S, lambda: self.screen.refresh())

    def _is_behind(self, now: float) -> bool:
        terminal = self._terminal
        if terminal is None:
            return False
        if terminal.delays != self._delays_seen:
            self._delays_seen = terminal.delays
            self._slow_until = now + SLOW_FOR_S
        terminal.ask_if_shown()
        return not (terminal.has_caught_up() and terminal.pace.may_paint(now))

    def _write(self, data: str) -> None:
        if (terminal := self._terminal) is not None:
            terminal.write(data)

    def _watch(self) -> None:
        """Notice a terminal that went without a signal, and an engine that went silent."""
        terminal = self._terminal
        if terminal is not None and (terminal.is_deaf or terminal.is_gone()):
            self.end(Farewell.HANGUP)
        if (monotonic() - self._answered_at) * 1000 > FRESH_MS:
            self._mark_stale()
        if terminal is not None and terminal.behind and self._clock is not None:
            self._clock.resume()  # it notices when the terminal reads again
        self.herald.look(self.feed.engine, list(self.feed.bots.values()))

    # the end

    @property
    def has_lost_terminal(self) -> bool:
        """Whether the terminal went away."""
        terminal = self._terminal
        return terminal is not None and terminal.lost

    def end(self, why: Farewell) -> None:
        """Close the screen from outside; safe in a signal handler, harmless when repeated."""
        if self.ending is not Farewell.TERMINATED:
            self.ending = why
        terminal = self._terminal
        if why is Farewell.HANGUP and terminal is not None:
            terminal.hang_up()
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

    # words and questions

    def say(self, line: Line) -> None:
        """Put a word above the footer, where it stays until the next one."""
        self._said = line
        self._mark_stale()
        self.live.tell(line)

    def ask(self, prompt: Prompt[Answer], answered: Callable[[Answer | None], None]) -> None:
        """Put a question at the foot of the screen."""
        self.push_screen(prompt, answered)

    def work_on(self, command: Coroutine[Any, Any, None]) -> None:
        """Carry on with a command while the screen lives on."""
        self.run_worker(command, group="commands", exit_on_error=False)
