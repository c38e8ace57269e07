"""The app: follows the engine, paints at a steady pace, and turns keys into commands."""

import asyncio
import traceback
from collections.abc import Callable, Coroutine, Iterator, Sequence
from functools import partial
from pathlib import Path
from time import monotonic
from typing import Any

from rich.text import Text
from textual.app import App
from textual.binding import Binding
from textual.filter import LineFilter, NoColor

from nimbus_tui.config.model import Glyphs
from nimbus_tui.control.client import EngineClient
from nimbus_tui.control.snapshots import BotSnapshot
from nimbus_tui.core.ids import BotId
from nimbus_tui.core.redaction import redacted
from nimbus_tui.tui.actions import ACTIONS
from nimbus_tui.tui.driver import AsciiDriver, PatientDriver
from nimbus_tui.tui.feed import Feed
from nimbus_tui.tui.herald import Herald
from nimbus_tui.tui.operator import Operator
from nimbus_tui.tui.options import Farewell, ScreenOptions
from nimbus_tui.tui.pace import ROWS_AT_ONCE
from nimbus_tui.tui.palette import NimbusCommands, Offer
from nimbus_tui.tui.panels.lines_panel import LinesPanel
from nimbus_tui.tui.panels.prompts import Choice, Prompt
from nimbus_tui.tui.risk_feed import RiskFeed
from nimbus_tui.tui.screens.help import HelpScreen
from nimbus_tui.tui.screens.live import LiveScreen
from nimbus_tui.tui.theme import TOKENS
from nimbus_tui.tui.viewmodels import talk
from nimbus_tui.tui.viewmodels.lines import FRESH_MS, Line
from nimbus_tui.tui.wardrobe import Wardrobe

SLOW_FPS = 4
"""Paints a second while a question is open, and after the terminal has fallen behind."""
SLOW_FOR_S = 10.0
WATCH_S = 0.5
"""How often the terminal and the engine's silence are looked at."""
_ALL_ROWS = 10_000
PAGE = 10
"""Bots that a page key moves over."""
_NOT_IN_PALETTE = frozenset({"view.palette", "move.up", "move.down"})

_HERE = Path(__file__).parent


class NimbusApp(App[Farewell]):
    """The trader's window; sees nothing but an `EngineClient`."""

    CSS_PATH = [
        _HERE / "screens" / f"{name}.tcss"
        for name in ("live", "dashboard", "bot", "risk", "help", "themes")
    ]
    COMMANDS = {NimbusCommands}
    BINDINGS = [
        Binding(action.keys, action.name, action.label, show=False, id=action.id)
        for action in ACTIONS
    ]

    def __init__(self, client: EngineClient, options: ScreenOptions) -> None:
        is_ascii = options.glyphs is Glyphs.ASCII
        super().__init__(driver_class=AsciiDriver if is_ascii else PatientDriver)
        self.client = client
        self.options = options
        self.feed = Feed()
        self.ending: Farewell | None = None
        """Why the screen is being closed from outside; None while it isn't."""
        self.risk = RiskFeed(self.feed)
        self.live = LiveScreen(options.title, self.risk)
        self.operator = Operator(self)
        self._said: Line = ()
        self._stale = True
        self._answered_at = monotonic()
        self._slow_until = 0.0
        self._painted_at = 0.0
        self._delays_seen = 0
        self._ui_loop: asyncio.AbstractEventLoop | None = None
        self.wardrobe = Wardrobe(self, options.theme_folders, self.say)
        self.herald = Herald(options.title, options.outside, self._write)

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
        """Put on the theme, then follow the engine and paint."""
        self._ui_loop = asyncio.get_running_loop()
        self.wardrobe.begin_with(self.options.theme)
        if self.ending is not None:
            self.exit(self.ending)
        pause_s = 1 / max(1, self.options.fps)
        following = self.feed.follow(self.client, pause_s, self._has_answered)
        self.run_worker(following, group="follow", exit_on_error=False)
        looking = self.risk.follow(self.client, lambda: self.live.wants_risk)
        self.run_worker(looking, group="risk", exit_on_error=False)
        self.set_interval(pause_s, self.flush)
        self.set_interval(WATCH_S, self._watch)

    def _fatal_error(self) -> None:
        """Textual would show the local variables of every frame, and keys may be among them."""
        self.panic(Text(redacted(traceback.format_exc())))

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
        is_slow = self._is_slow(now) or isinstance(self.screen, Prompt)
        if is_slow and now - self._painted_at < 1 / SLOW_FPS:
            return
        self._painted_at = now
        driver = self._driver
        self._repaint(driver.pace.rows(now) if isinstance(driver, PatientDriver) else ROWS_AT_ONCE)

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
        driver.ask_if_shown()
        return not (driver.has_caught_up() and driver.pace.may_paint(now))

    def _is_slow(self, now: float) -> bool:
        driver = self._driver
        is_far_behind = isinstance(driver, PatientDriver) and driver.pace.is_slow(now)
        return is_far_behind or now < self._slow_until

    def _write(self, data: str) -> None:
        if isinstance(self._driver, PatientDriver):
            self._driver.write(data)

    def _watch(self) -> None:
        """Notice a terminal that went without a signal, and an engine that went silent."""
        driver = self._driver
        if isinstance(driver, PatientDriver) and (driver.lost or driver.is_hung_up()):
            self.end(Farewell.HANGUP)
        if (monotonic() - self._answered_at) * 1000 > FRESH_MS:
            self._stale = True
        self.herald.look(self.feed.engine, list(self.feed.bots.values()))

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
        """A click on a row of the table selects the bot, one on a cell of the rules the cell."""
        names = list(self.feed.bots)
        if self.live.is_risk_open:
            self._came_to(self.live.risk.pick(event.panel, event.row, event.column))
        elif event.panel is self.live.dashboard.bots and event.row < len(names):
            self.select(names[event.row])

    # commands

    def say(self, line: Line) -> None:
        """Put a word above the footer, where it stays until the next one."""
        self._said = line
        self._stale = True
        self.live.tell(line)

    def ask(self, prompt: Prompt[bool], answered: Callable[[bool | None], None]) -> None:
        """Put a question at the foot of the screen."""
        self.push_screen(prompt, answered)

    def work_on(self, command: Coroutine[Any, Any, None]) -> None:
        """Carry on with a command while the screen lives on."""
        self.run_worker(command, group="commands", exit_on_error=False)

    def _on_bot(self, act: Callable[[BotId], None]) -> None:
        if self.bot is None:
            self.say(talk.note_line("there is no bot"))
        elif self.live.is_risk_open and not self.live.risk.is_on_bot:
            self.say(talk.note_line(f"that is for a bot: {self.live.risk.scope} is selected"))
        else:
            act(self.bot.bot_id)

    def action_pause_bot(self) -> None:
        """Pause the selected bot."""
        self._on_bot(self.operator.pause)

    def action_resume_bot(self) -> None:
        """Resume the selected bot."""
        self._on_bot(self.operator.resume)

    def action_start_bot(self) -> None:
        """Start the selected bot."""
        self._on_bot(self.operator.start)

    def action_stop_bot(self) -> None:
        """Ask, then stop the selected bot."""
        self._on_bot(self.operator.ask_stop)

    def action_flatten_bot(self) -> None:
        """Ask, then flatten the selected bot."""
        self._on_bot(self.operator.ask_flatten)

    def action_reset_drawdown(self) -> None:
        """Ask for the word, then measure the selected bot's drawdown from now on."""
        self._on_bot(self.operator.ask_reset)

    def action_emergency(self) -> None:
        """Ask for the word, then cancel everything."""
        self.operator.ask_emergency()

    def action_rearm(self) -> None:
        """Ask for the word, then lift the emergency."""
        self.operator.ask_rearm()

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
        if self.live.view is not self.live.dashboard:
            self.live.view.scroll_rows(by)
            self.repaint_now()
        elif names:
            at = names.index(self.bot.bot_id) if self.bot is not None else 0
            self.select(names[max(0, min(at + by, len(names) - 1))])

    def action_turn(self, by: int) -> None:
        """The next pane of the view; on the risk screen, the next column."""
        if self.live.is_risk_open:
            self._came_to(self.live.risk.turn(by))
        else:
            self.live.view.turn(by)
            self.call_after_refresh(self.repaint_now)

    def action_page(self, by: int) -> None:
        """Many bots or columns at once."""
        if self.live.is_risk_open:
            self._came_to(self.live.risk.turn_page(by))
        else:
            self.action_move(by * PAGE)

    def action_turn_pane(self, by: int) -> None:
        """The next pane of the view."""
        if self.live.is_risk_open:
            self.live.risk.turn_pane(by)
        else:
            self.live.view.turn(by)
        self.call_after_refresh(self.repaint_now)

    def _came_to(self, bot_id: BotId | None) -> None:
        """The risk screen's focus has moved: a bot there is the selected one everywhere."""
        if bot_id is not None and bot_id in self.feed.bots:
            self.feed.focus = bot_id
        self.repaint_now()

    def action_open_view(self, view: str) -> None:
        """The dashboard or the risk screen."""
        self.live.open(view)
        self.call_after_refresh(self.repaint_now)

    def action_open_bot(self) -> None:
        """The bot on the whole screen."""
        self._on_bot(lambda _: self.action_open_view("bot"))

    async def action_back(self) -> None:
        """Back to the dashboard."""
        self.action_open_view("dashboard")

    def action_next_theme(self) -> None:
        """The next theme of ours."""
        self.wardrobe.next()
        self.call_after_refresh(self.repaint_now)

    def action_pick_theme(self) -> None:
        """Try themes on."""
        self.wardrobe.choose()

    def action_copy(self, what: str) -> None:
        """The name or the whole row of what is selected, to the terminal's clipboard."""
        panel = next((one for one in self.live.view.panels if one.selected_text), None)
        row = panel.selected_text if panel is not None else ""
        text = (row if what == "row" else "") or (self.bot.bot_id if self.bot is not None else "")
        if text:
            self.copy_to_clipboard(text)
            self.say(talk.note_line(f"sent to the terminal's clipboard: {text}"))
        else:
            self.say(talk.note_line("nothing is selected"))

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
            for verb, act in self.operator.bot_commands.items():
                yield Offer(f"{verb} {bot_id}", f"{verb.capitalize()} it", partial(act, bot_id))
