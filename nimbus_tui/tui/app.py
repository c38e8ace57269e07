"""The app: follows the engine, paints at a steady pace, and turns keys into commands."""

import asyncio
import traceback
from collections.abc import Callable, Coroutine, Iterator, Sequence
from functools import partial
from pathlib import Path
from time import monotonic
from typing import Any

import msgspec
from rich.text import Text
from textual.app import App
from textual.binding import Binding
from textual.filter import LineFilter, NoColor
from textual.timer import Timer

from nimbus_tui.config.actions import ACTIONS, belongs, remapped
from nimbus_tui.config.model import Glyphs
from nimbus_tui.control.client import EngineClient
from nimbus_tui.control.snapshots import BotSnapshot
from nimbus_tui.core.ids import BotId
from nimbus_tui.core.redaction import redacted
from nimbus_tui.tui.backtest_desk import work_on_backtests
from nimbus_tui.tui.backtest_feed import BacktestFeed
from nimbus_tui.tui.config_draft import ConfigDraft
from nimbus_tui.tui.curtain import curtain
from nimbus_tui.tui.driver import AsciiDriver, PatientDriver
from nimbus_tui.tui.feed import Feed
from nimbus_tui.tui.herald import Herald
from nimbus_tui.tui.operator import Operator
from nimbus_tui.tui.options import Farewell, ScreenOptions
from nimbus_tui.tui.pace import ROWS_AT_ONCE
from nimbus_tui.tui.palette import NimbusCommands, Offer
from nimbus_tui.tui.panels.lines_panel import LinesPanel
from nimbus_tui.tui.panels.prompts import Answer, Choice, Prompt
from nimbus_tui.tui.replay_feed import ReplayFeed
from nimbus_tui.tui.rewind import rewind
from nimbus_tui.tui.risk_feed import RiskFeed
from nimbus_tui.tui.screens.config import ConfigScreen
from nimbus_tui.tui.screens.help import HelpScreen
from nimbus_tui.tui.screens.live import LiveScreen
from nimbus_tui.tui.screens.new_bot import NewBot, NewBotScreen
from nimbus_tui.tui.table_actions import TableActions
from nimbus_tui.tui.table_desk import TableDesk
from nimbus_tui.tui.table_feed import follow
from nimbus_tui.tui.theme import TOKENS
from nimbus_tui.tui.viewmodels import talk
from nimbus_tui.tui.viewmodels.keys import helped
from nimbus_tui.tui.viewmodels.lines import FRESH_MS, Line
from nimbus_tui.tui.wardrobe import Wardrobe

SLOW_FPS = 4
"""Paints a second while a question is open, and after the terminal has fallen behind."""
SLOW_FOR_S = 10.0
WATCH_S = 0.5
"""How often the terminal and the engine's silence are looked at."""
_ALL_ROWS = 10_000
SLOW_ANSWER_ROWS = 6
"""Rows that a key brings at once over a slow link; the others follow at its pace."""
PAGE = 10
"""Bots that a page key moves over."""
_NOT_IN_PALETTE = frozenset({"view.palette", "move.up", "move.down"})

_HERE = Path(__file__).parent
_SHEETS = (
    "live", "dashboard", "bot", "risk", "table", "replay", "backtest", "config", "help", "themes",
    "whole",
)  # fmt: skip


class NimbusApp(TableActions, App[Farewell]):
    """The trader's window; sees nothing but an `EngineClient`."""

    CSS_PATH = [_HERE / "screens" / f"{name}.tcss" for name in _SHEETS]
    COMMANDS = {NimbusCommands}
    BINDINGS = [
        Binding(action.keys, action.name, action.label, show=False, id=action.id)
        for action in ACTIONS
        if not action.name.startswith("in_editor")
    ]

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
        self.actions = remapped(ACTIONS, options.keys)
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
        self._said: Line = ()
        self._stale = True
        self._answered_at = monotonic()
        self._slow_until = 0.0
        self._painted_at = 0.0
        self._delays_seen = 0
        self._happened = asyncio.Event()
        """Something has happened after which another table may be wanted, or other rows."""
        self._clock: Timer | None = None
        """Strikes as long as there is anything to paint."""
        self._ui_loop: asyncio.AbstractEventLoop | None = None
        self.wardrobe = Wardrobe(self, options.theme_folders, self.say)
        self.wardrobe.begin_with(options.theme)  # before the first style is worked out
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
        self.call_after_refresh(curtain.hand_over)

    def _fatal_error(self) -> None:
        """Textual would show the local variables of every frame, and keys may be among them."""
        self.panic(Text(redacted(traceback.format_exc())))

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
        driver = self._driver
        self._repaint(driver.pace.rows if isinstance(driver, PatientDriver) else ROWS_AT_ONCE)
        if isinstance(driver, PatientDriver):
            driver.pace.painted()
            self.call_after_refresh(driver.ask_if_shown)

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

    def repaint_now(self) -> None:
        """Answer a key at once, whatever else waits for its paint."""
        self._mark_stale()
        driver = self._driver
        is_slow = isinstance(driver, PatientDriver) and driver.pace.is_slow
        self._repaint(SLOW_ANSWER_ROWS if is_slow else _ALL_ROWS, is_answer=True)

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

    def _write(self, data: str) -> None:
        if isinstance(self._driver, PatientDriver):
            self._driver.write(data)

    def _watch(self) -> None:
        """Notice a terminal that went without a signal, and an engine that went silent."""
        driver = self._driver
        if isinstance(driver, PatientDriver) and (driver.is_deaf or driver.is_gone()):
            self.end(Farewell.HANGUP)
        if (monotonic() - self._answered_at) * 1000 > FRESH_MS:
            self._mark_stale()
        if isinstance(driver, PatientDriver) and driver.behind and self._clock is not None:
            self._clock.resume()  # it notices when the terminal reads again
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
            self._driver.hang_up()
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
        names, table = self.live.dashboard.names, self.live.table
        if self.live.is_replay_open:
            self.live.replay.pick(event.panel, event.row, event.column)
        elif self.live.is_backtest_open:
            self.live.backtest.pick(event.panel, event.row)
            self.repaint_now()
        elif self.live.is_risk_open:
            self._came_to(self.live.risk.pick(event.panel, event.row, event.column))
        elif table is not None and event.panel is table.rows:
            table.pick(event.row)
            self.repaint_now()
        elif event.panel is self.live.dashboard.bots and event.row < len(names):
            self.select(names[event.row])

    def on_lines_panel_heading_picked(self, event: LinesPanel.HeadingPicked) -> None:
        """A click on the name of a column orders the rows by it."""
        dashboard, table = self.live.dashboard, self.live.table
        if table is not None and event.panel is table.rows:
            table.order_at(event.column)
        elif event.panel is dashboard.bots:
            dashboard.order_at(event.column)
        self.repaint_now()

    # commands

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

    def _on_bot(self, act: Callable[[BotId], None]) -> None:
        table = self.live.table
        if self.live.is_replay_open:
            self.say(talk.trouble_line("this is the past: Esc goes back to now, where that works"))
        elif self.live.is_backtest_open:
            self.say(talk.note_line("these are backtests: Esc goes back to the bots"))
        elif table is not None:
            meant = table.bot_id
            if meant is None or meant not in self.feed.bots:
                self.say(talk.note_line("that is for a bot: no row of one is selected"))
            else:
                act(meant)
        elif self.bot is None:
            self.say(talk.note_line("there is no bot"))
        elif self.live.view is self.live.dashboard and not self.live.dashboard.has(self.bot):
            self.say(talk.note_line("no bot of the table is selected"))
        elif self.live.is_risk_open and not self.live.risk.is_on_bot:
            self.say(talk.note_line(f"that is for a bot: {self.live.risk.scope} is selected"))
        else:
            act(self.bot.bot_id)

    def _on_bots(self, verb: str) -> None:
        """On all that are marked, where the marks are in sight; else on the selected bot."""
        marked = tuple(self.live.dashboard.marked)
        if marked and self.live.view is self.live.dashboard:
            self.operator.on_many(verb, marked)
        else:
            self._on_bot(self.operator.bot_commands[verb])

    def action_pause_bot(self) -> None:
        """Pause the selected bot, or those that are marked.

        From the past too, since nobody shall search for the way.
        """
        if self.live.is_replay_open and self.past.focus in self.feed.bots:
            self.operator.pause(self.past.focus)
        else:
            self._on_bots("pause")

    def action_resume_bot(self) -> None:
        """Resume the selected bot, or those that are marked."""
        self._on_bots("resume")

    def action_start_bot(self) -> None:
        """Start the selected bot, or those that are marked."""
        self._on_bots("start")

    def action_stop_bot(self) -> None:
        """Ask, then stop the selected bot, or those that are marked."""
        self._on_bots("stop")

    def action_flatten_bot(self) -> None:
        """Ask, then flatten the selected bot, or those that are marked."""
        self._on_bots("flatten")

    def action_mark_bot(self) -> None:
        """Mark the selected bot, or take its mark away; then the next one is selected."""
        dashboard = self.live.dashboard
        if self.live.view is dashboard and self.bot is not None:
            dashboard.mark(self.bot.bot_id)
            self.action_move(1)

    def action_mark_all(self) -> None:
        """Mark every bot in the table, or none."""
        if self.live.view is self.live.dashboard:
            self.live.dashboard.mark_all()
            self.repaint_now()

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
        editor = self.editor
        if self.feed.has_ended:
            self.exit(Farewell.ENDED)
        elif editor is not None and editor.draft is not None and editor.draft.is_changed:
            editor.say(talk.trouble_line("what you typed is not saved: Ctrl+S saves, Esc leaves"))
            return
        demo, bots = self.options.demo, list(self.feed.bots.values())
        ways = {
            "d": Farewell.DETACH,
            "k": Farewell.STOP_KEEP_ORDERS,
            "q": Farewell.STOP_KEEP_ORDERS,
            "c": Farewell.STOP_CANCEL_ORDERS,
        }

        def answered(key: str | None) -> None:
            if key is not None:
                self.exit(ways[key])

        choices = talk.quit_choices(demo=demo, may_detach=self.options.may_detach)
        self.push_screen(Choice(talk.quit_question(bots, demo=demo), choices), answered)

    def action_detach(self) -> None:
        """Close the screen; the engine goes on without it."""
        if self.options.may_detach:
            self.exit(Farewell.DETACH)
        else:
            self.say(talk.note_line("a demo ends with its screen: q quits it"))

    def action_restart_engine(self) -> None:
        """Start an engine that has ended again."""
        refusal = talk.restart_refusal(
            has_ended=self.feed.has_ended, may_restart=self.options.may_restart
        )
        if refusal:
            self.say(talk.note_line(refusal))
        else:
            self.exit(Farewell.RESTART)

    # the config

    def action_open_config(self) -> None:
        """The config editor, as it was left."""
        self._edit(())

    def action_edit_bot(self) -> None:
        """The config editor at the selected bot."""
        self._on_bot(lambda bot_id: self._edit(("bots", bot_id)))

    def action_new_bot(self) -> None:
        """Set up a new bot, step by step."""
        if self.editor is None:
            self.push_screen(NewBotScreen(self.client, self.draft), self._begun)

    def _begun(self, new: NewBot | None) -> None:
        if new is None:
            self.say(talk.note_line("no new bot"))
            return
        new.draft.new_bot = new.name
        self.draft = new.draft
        self._edit(("bots", new.name))

    def _edit(self, open_at: tuple[str, ...]) -> None:
        if self.editor is None:
            editor = ConfigScreen(
                self.client, self.draft, lambda: self.live.header.size.height, open_at
            )
            self.push_screen(editor, partial(self._edited, editor))

    def _edited(self, editor: ConfigScreen, draft: ConfigDraft | None) -> None:
        self.draft = draft
        if draft is not None:
            self.say(talk.note_line("what you typed is kept: the editor (9) has it"))
        elif editor.said:
            self.say(editor.said)
        if editor.has_saved:  # what the config said of stops when the screen opened may be old
            self.options = msgspec.structs.replace(self.options, on_stop={})
        if editor.new_bot:
            self.feed.focus = editor.new_bot
        self.repaint_now()

    @property
    def editor(self) -> ConfigScreen | None:
        """The config editor, where it is open."""
        found = (one for one in self.screen_stack if isinstance(one, ConfigScreen))
        return next(found, None)

    def action_in_editor(self, what: str) -> None:
        """One of the editor's own actions."""
        editor = self.editor
        if editor is None:
            self.say(talk.note_line("that is for the config editor: 9 opens it"))
        elif self.screen is editor:
            editor.act(what)

    # moving about

    def action_move(self, by: int) -> None:
        """Select another bot; on a bot's own screen, look up or down its ladder."""
        names = self.live.dashboard.names
        if self.live.view is not self.live.dashboard:
            self.live.view.scroll_rows(by)
            self.repaint_now()
        elif names:
            chosen = self.bot.bot_id if self.bot is not None else None
            at = names.index(chosen) if chosen in names else -by if by > 0 else 0
            self.select(names[max(0, min(at + by, len(names) - 1))])

    def action_turn(self, by: int) -> None:
        """The next pane of the view; on the risk screen, the next column."""
        if self.live.is_replay_open:
            self.action_replay("event", by)
        elif self.live.is_risk_open:
            self._came_to(self.live.risk.turn(by))
        else:
            self.live.view.turn(by)
            self.call_after_refresh(self.repaint_now)

    def action_page(self, by: int) -> None:
        """Many bots or columns at once."""
        if self.live.is_replay_open:
            self.action_replay("minute", by)
        elif self.live.is_risk_open:
            self._came_to(self.live.risk.turn_page(by))
        elif self.live.table is not None:
            self.live.table.turn_page(by)
            self.repaint_now()
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
        """One of the views by its name."""
        self.live.open(view)
        if view == "replay":
            self.past.open()
        elif view == "backtest":
            self.backtests.open()
        self.call_after_refresh(self.repaint_now)

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Keys of one view alone do nothing on the others."""
        given = f"{action}({', '.join(map(repr, parameters))})"
        meant = [one for one in ACTIONS if one.name in (action, given)]
        return not meant or any(belongs(one, self.live.at) for one in meant)

    def action_backtest(self, what: str) -> None:
        """Choose, run, cancel, mark: what the keys of the backtest screen do."""
        self.say(())
        work_on_backtests(self, self.live.backtest, what)
        self.call_after_refresh(self.repaint_now)

    def action_replay(self, kind: str, by: int = 1) -> None:
        """Go through the past: by events, time, or to what is of note."""
        self.say(())
        rewind(self, kind, by)

    def action_open_bot(self) -> None:
        """The bot on the whole screen; in a table and among backtests, what is selected."""
        if self.live.is_backtest_open:
            self.action_backtest("enter")
        elif self.live.table is not None:
            self.tables.show_whole()
        else:
            self._on_bot(lambda _: self.action_open_view("bot"))

    async def action_back(self) -> None:
        """Back to the dashboard; there, first to no marks and then to all bots."""
        dashboard = self.live.dashboard
        if self.live.view is dashboard:
            if dashboard.marked:
                dashboard.unmark()
            else:
                dashboard.find("")
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
        """All keys that do something on this screen."""
        self.push_screen(HelpScreen(helped(self.actions, self.live.at)))

    def offers(self) -> Iterator[Offer]:
        """What the command palette finds."""
        for action in self.actions:
            if action.id not in _NOT_IN_PALETTE and belongs(action, self.live.at):
                call = partial(self.run_action, f"app.{action.name}")
                yield Offer(action.label, action.help, call)
        for bot_id in self.feed.bots:
            yield Offer(f"show {bot_id}", "Open this bot's screen", partial(self.open, bot_id))
            for verb, act in self.operator.bot_commands.items():
                yield Offer(f"{verb} {bot_id}", f"{verb.capitalize()} it", partial(act, bot_id))
