"""The app: one live screen that shows the engine and sends commands to it."""

import asyncio
import signal
from collections.abc import Iterable

from textual.app import App, ComposeResult, SystemCommand
from textual.binding import Binding
from textual.containers import Container
from textual.screen import Screen

from nimbus_tui.control.client import EngineClient
from nimbus_tui.control.commands import (
    Command,
    EmergencyShutdown,
    PauseBot,
    ResumeBot,
    StartBot,
    StopBot,
)
from nimbus_tui.control.snapshots import BotSnapshot
from nimbus_tui.core.errors import EngineUnreachable
from nimbus_tui.core.ids import BotId
from nimbus_tui.core.panels import LadderPanel
from nimbus_tui.tui.actions import ACTIONS
from nimbus_tui.tui.driver import PatientDriver
from nimbus_tui.tui.feed import Feed
from nimbus_tui.tui.options import Farewell, ScreenOptions
from nimbus_tui.tui.panels.prompts import Choice, Confirm, TypedWord
from nimbus_tui.tui.panels.rows import RowsPanel
from nimbus_tui.tui.theme import TOKENS, load_themes
from nimbus_tui.tui.viewmodels.dashboard import bot_figures, bots_table, header, ticker
from nimbus_tui.tui.viewmodels.ladder import ladder, price_row
from nimbus_tui.tui.viewmodels.lines import Cell, Line

RETRY_S = 1.0


class NimbusApp(App[Farewell]):
    """Dashboard with the ladder of the selected bot; sees nothing but an `EngineClient`."""

    CSS_PATH = "app.tcss"
    ENABLE_COMMAND_PALETTE = True
    HORIZONTAL_BREAKPOINTS = [(0, "-narrow"), (130, "-wide")]
    BINDINGS = [
        Binding(action.keys, action.name, action.label, show=False, id=action.id)
        for action in ACTIONS
    ]

    def __init__(self, client: EngineClient, options: ScreenOptions) -> None:
        super().__init__(driver_class=PatientDriver)
        self.client = client
        self.options = options
        self.feed = Feed()
        self.selected: BotId | None = None
        self.farewell = Farewell.TERMINATED
        self._message: Line = ()
        self._themes, self._theme_problems = load_themes(options.theme_folders)

    def compose(self) -> ComposeResult:
        """Header, table beside (or above) the ladder, ticker, status and keys."""
        yield RowsPanel(id="header")
        with Container(id="body"):
            yield RowsPanel(id="bots")
            yield RowsPanel(id="ladder")
            yield RowsPanel(id="figures")
        yield RowsPanel(id="ticker")
        yield RowsPanel(id="status")
        yield RowsPanel(id="keys")

    def get_theme_variable_defaults(self) -> dict[str, str]:
        """Our own colours where a theme leaves them out."""
        return dict(TOKENS)

    def on_mount(self) -> None:
        """Take over signals and themes, then follow the engine."""
        for theme in self._themes:
            self.register_theme(theme)
        names = [theme.name for theme in self._themes]
        if self.options.theme in names:
            self.theme = self.options.theme
        if self._theme_problems:
            self._say(self._theme_problems[0], "caution")
        self._take_signals()
        self.run_worker(self._follow(), group="follow", exclusive=True, exit_on_error=False)
        self.set_interval(1 / max(1, self.options.fps), self.flush)

    # following the engine

    async def _follow(self) -> None:
        """Pull what is new, never faster than it is painted."""
        while True:
            try:
                update = await self.client.updates(
                    self.feed.revision, focus=self.selected, timeout_s=5.0
                )
            except EngineUnreachable as error:
                self.feed.lost(str(error))
                await asyncio.sleep(RETRY_S)
                continue
            self.feed.apply(update)
            if self.selected is None and self.feed.bots:
                self._select(next(iter(self.feed.bots)))
            await asyncio.sleep(1 / max(1, self.options.fps))

    def _select(self, bot_id: BotId) -> None:
        self.selected = bot_id
        self.feed.detail = None
        self.feed.revision = 0
        self.run_worker(self._follow(), group="follow", exclusive=True, exit_on_error=False)

    def flush(self) -> None:
        """Paint what has changed, if the terminal keeps up."""
        driver = self._driver
        ready = bool(self.screen_stack) and bool(self.screen_stack[0].query("#keys"))
        if (
            not ready
            or not self.feed.changed
            or (isinstance(driver, PatientDriver) and driver.behind)
        ):
            return
        self.feed.changed = False
        self.paint()

    def on_resize(self) -> None:
        """Columns depend on the width."""
        self.feed.changed = True

    def paint(self) -> None:
        """Give every panel its lines; panels repaint only what differs."""
        screen = self.screen_stack[0]
        width, feed = self.size.width, self.feed
        bots = list(feed.bots.values())
        names = list(feed.bots)
        chosen = names.index(self.selected) + 1 if self.selected in names else None
        bot = feed.bots.get(self.selected) if self.selected is not None else None

        def panel(name: str) -> RowsPanel:
            return screen.query_one(f"#{name}", RowsPanel)

        top = header(feed.engine, self.options.title, feed.problem, width)
        panel("header").styles.height = len(top)
        panel("header").show(top)
        table = bots_table(bots, feed.history, panel("bots").size.width or width)
        panel("bots").show(table, chosen)
        shown = feed.detail.panel if feed.detail is not None else None
        steps = ladder(shown if isinstance(shown, LadderPanel) else None, bot)
        panel("ladder").show(steps, keep_in_view=price_row(steps))
        if bot is not None:
            height = panel("figures").size.height
            panel("figures").show(bot_figures(bot, feed.detail, height))
        panel("ticker").show(ticker(feed.events, panel("ticker").size.height))
        panel("status").show([self._message])
        panel("keys").show([_keys()])

    # commands

    @property
    def bot(self) -> BotSnapshot | None:
        """The selected bot."""
        return self.feed.bots.get(self.selected) if self.selected is not None else None

    def _send(self, command: Command) -> None:
        self.run_worker(self._sent(command), exit_on_error=False)

    async def _sent(self, command: Command) -> None:
        try:
            outcome = await self.client.execute(command)
        except EngineUnreachable as error:
            self._say(str(error), "loss")
        else:
            tone = "caution" if outcome.result.value == "refused" else "gain"
            self._say(f"{outcome.result.value}: {outcome.message}", tone)

    def _say(self, text: str, tone: str) -> None:
        self._message = (Cell(f" {text}", tone),)
        self.feed.changed = True

    def action_pause(self) -> None:
        """Pause at once, without asking."""
        if self.bot is not None:
            self._send(PauseBot(self.bot.bot_id))

    def action_resume(self) -> None:
        """Lift the pause."""
        if self.bot is not None:
            self._send(ResumeBot(self.bot.bot_id))

    def action_start_bot(self) -> None:
        """Start a stopped bot."""
        if self.bot is not None:
            self._send(StartBot(self.bot.bot_id))

    def action_stop_bot(self) -> None:
        """Say what stopping means, then stop if confirmed."""
        bot = self.bot
        if bot is None:
            return
        position = f"{bot.position:f}" if bot.position else "none"
        question = (
            f"Stop {bot.bot_id}? {bot.open_orders} orders will be cancelled; its position "
            f"({position}) is kept or closed by its on_stop."
        )

        def answered(yes: bool | None) -> None:
            if yes:
                self._send(StopBot(bot.bot_id))

        self.push_screen(Confirm(question), answered)

    def action_emergency(self) -> None:
        """Ask for the word, then cancel everything."""
        question = f"EMERGENCY SHUTDOWN: cancel every order of all {len(self.feed.bots)} bots."

        def answered(yes: bool | None) -> None:
            if yes:
                self._send(EmergencyShutdown())
            else:
                self._say("no emergency: nothing was done", "muted")

        self.push_screen(TypedWord(question, "EMERGENCY"), answered)

    def action_quit_asking(self) -> None:
        """Ask what becomes of the resting orders."""
        choices = {
            "k": "quit, keep resting orders at the venue",
            "c": "quit and cancel all orders; positions stay",
        }

        def answered(key: str | None) -> None:
            if key == "k":
                self.exit(Farewell.STOP_KEEP_ORDERS)
            elif key == "c":
                self.exit(Farewell.STOP_CANCEL_ORDERS)

        self.push_screen(Choice("Quit nimbus-tui? The engine ends with it.", choices), answered)

    async def action_quit(self) -> None:
        """Ctrl+Q asks as well."""
        self.action_quit_asking()

    # moving about

    def action_move(self, step: int) -> None:
        """Select another bot."""
        names = list(self.feed.bots)
        if names:
            at = names.index(self.selected) if self.selected in names else 0
            self._select(names[(at + step) % len(names)])
            self.feed.changed = True

    def action_open_bot(self) -> None:
        """The bot on the whole screen."""
        self.screen_stack[0].add_class("-detail")
        self.feed.changed = True

    async def action_back(self) -> None:
        """Back to the dashboard."""
        self.screen_stack[0].remove_class("-detail")
        self.feed.changed = True

    def action_next_theme(self) -> None:
        """The next theme of ours."""
        names = [theme.name for theme in self._themes]
        if names:
            at = names.index(self.theme) if self.theme in names else -1
            self.theme = names[(at + 1) % len(names)]
            self._say(f"theme {self.theme}", "muted")

    def action_help(self) -> None:
        """All keys."""
        lines = "\n".join(f"  {action.keys:<10}{action.help}" for action in ACTIONS)
        self.push_screen(Confirm(f"Keys (Ctrl+P finds them by name)\n{lines}"))

    def get_system_commands(self, screen: Screen[object]) -> Iterable[SystemCommand]:
        """Every action, by name."""
        for action in ACTIONS:
            name = action.name.partition("(")[0]
            if name != "move":
                yield SystemCommand(action.label, action.help, getattr(self, f"action_{name}"))

    # signals

    def _take_signals(self) -> None:
        """A terminal must never end the engine: the screen goes, in order, and says why."""
        if self.is_headless:
            return
        loop = asyncio.get_running_loop()
        loop.add_signal_handler(signal.SIGHUP, self._on_hangup)
        for name in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(name, lambda: self.exit(Farewell.TERMINATED))

    def _on_hangup(self) -> None:
        driver = self._driver
        if isinstance(driver, PatientDriver):
            driver._auto_restart = False
            driver.lost = True
            driver.exit_event.set()
        self.farewell = Farewell.HANGUP
        self.exit(Farewell.HANGUP, return_code=129)


def _keys() -> Line:
    cells = []
    for action in ACTIONS:
        if action.footer:
            cells += [Cell(f" {action.keys} ", "title"), Cell(action.label, "muted")]
    return tuple(cells)
