"""The first-run screen as an app of its own: it asks, and says what was chosen."""

from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from textual import on
from textual.app import App, ComposeResult
from textual.binding import Binding
from textual.containers import Vertical
from textual.events import Resize
from textual.widgets import Input

from nimbus_tui.tui.panels.lines_panel import LinesPanel
from nimbus_tui.tui.panels.prompts import TypedWord
from nimbus_tui.tui.terminal import DEFAULT_THEME
from nimbus_tui.tui.theme import TOKENS, load_themes
from nimbus_tui.tui.viewmodels.lines import Cell, Line, key_cells, paragraphs
from nimbus_tui.tui.viewmodels.welcome import OFFERS, Way, account_trouble, welcome_lines

_ALL_ROWS = 10_000
_WIDTH = 78
_LIVE = (
    "Real money: the first bot's orders go out to Hyperliquid's mainnet as soon as it starts. "
    "Type LIVE to go on."
)


class Chosen(NamedTuple):
    """How somebody wants to begin."""

    way: Way
    account: str = ""
    """The address that is traded for, where real orders go out."""


class WelcomeApp(App[Chosen]):
    """A list to choose from; knows no file and no engine."""

    CSS = """
    Screen { align: center middle; background: $background; }
    #welcome-box { width: 78; max-width: 100%; height: auto; max-height: 100%; padding: 0 1;
        border: round $primary; background: $background; }
    #welcome-title { height: 2; }
    #welcome-list { height: 9; }
    #welcome-account { display: none; height: 1; background: $panel; color: $foreground; }
    #welcome-account.-shown { display: block; }
    #welcome-said { height: 3; }
    #welcome-keys { height: 1; }
    """
    ENABLE_COMMAND_PALETTE = False
    AUTO_FOCUS = "TypedWord Input"
    BINDINGS = [
        Binding("down,j", "move(1)", "down", id="welcome.down"),
        Binding("up,k", "move(-1)", "up", id="welcome.up"),
        *(
            Binding(str(number), f"take_number({number})", offer.name, id=f"welcome.{number}")
            for number, offer in enumerate(OFFERS, 1)
        ),
        Binding("enter", "take", "take it", id="welcome.take"),
        Binding("escape", "back", "back", id="welcome.back"),
        Binding("q,ctrl+c,ctrl+q", "leave", "quit", id="welcome.quit"),
    ]

    def __init__(
        self, theme_folders: Sequence[Path], trouble: str = "", theme: str = DEFAULT_THEME
    ) -> None:
        super().__init__()
        self._folders = tuple(theme_folders)
        self._trouble = trouble
        self._theme = theme
        self._at = 0
        self._said = ""
        self.title_panel = LinesPanel(id="welcome-title")
        self.list = LinesPanel(id="welcome-list")
        self.account = Input(
            id="welcome-account", compact=True, placeholder="0x… the account's address"
        )
        self.account.cursor_blink = False
        self.said = LinesPanel(id="welcome-said")
        self.keys = LinesPanel(id="welcome-keys")

    def compose(self) -> ComposeResult:
        """One box in the middle."""
        with Vertical(id="welcome-box"):
            yield self.title_panel
            yield self.list
            yield self.account
            yield self.said
            yield self.keys

    def get_theme_variable_defaults(self) -> dict[str, str]:
        """Our own colours where a theme leaves them out."""
        return dict(TOKENS)

    def on_mount(self) -> None:
        """In the app's own colours."""
        themes, _ = load_themes(self._folders)
        for theme in themes:
            self.register_theme(theme)
            if theme.name == self._theme:
                self.theme = self._theme
        self.screen.set_focus(None)
        self._show()

    @property
    def _asks_account(self) -> bool:
        return self.account.has_class("-shown")

    def _show(self) -> None:
        width = min(_WIDTH, self.size.width) - 4
        title: Line = (Cell(" nimbus-tui", "title"), Cell("  How do you want to begin?", "strong"))
        rows, place = welcome_lines(self._at, width, self._trouble)
        self.list.styles.height = max(8, len(rows))
        self.title_panel.show([title])
        self.list.show(rows, selected=place, focus=place)
        self.said.show(paragraphs(self._said, width - 2, "warning")[:3])
        self.keys.show([self._key_line()])
        for panel in (self.title_panel, self.list, self.said, self.keys):
            panel.paint(_ALL_ROWS)

    def _key_line(self) -> Line:
        keys = (("↑↓", "choose", ""), ("Enter", "begin", "enter"), ("q", "quit", "q"))
        if self._asks_account:
            keys = (
                ("Enter", "go on", "enter"), ("Esc", "back", "escape"),
                ("Ctrl+C", "quit", "ctrl+c"),
            )  # fmt: skip
        cells = [Cell(" ")]
        for key, does, press in keys:
            cells += key_cells(f"{key} ", f"{does}   ", press)
        return tuple(cells)

    def on_resize(self, _event: Resize) -> None:
        """Lines are as long as there is room."""
        self.call_after_refresh(self._show)

    def action_move(self, by: int) -> None:
        """Another way."""
        if not self._asks_account:
            self._at, self._said = (self._at + by) % len(OFFERS), ""
            self._show()

    def action_take_number(self, number: int) -> None:
        """A way's number takes it at once."""
        if not self._asks_account:
            self._at = number - 1
            self.action_take()

    def on_lines_panel_picked(self, event: LinesPanel.Picked) -> None:
        """A click selects a way, a second one takes it."""
        if event.panel is not self.list or self._asks_account:
            return
        rows, _ = welcome_lines(self._at, self.list.size.width, self._trouble)
        heads = [at for at, row in enumerate(rows) if row and row[0].tone == "key"]
        found = [number for number, at in enumerate(heads) if at <= event.row]
        if found and found[-1] == self._at:
            self.action_take()
        elif found:
            self._at = found[-1]
            self._show()

    def action_take(self) -> None:
        """Begin this way, after what it needs has been asked."""
        way = OFFERS[self._at].way
        if not way.is_real:
            self.exit(Chosen(way))
            return
        self.account.add_class("-shown")
        self.screen.set_focus(self.account)
        self._said = (
            "The address of the account that is traded for, not the agent's. The agent's key is "
            "asked for afterwards, unseen, and goes into an encrypted vault."
        )
        self._show()

    @on(Input.Submitted, "#welcome-account")
    def _account_typed(self, event: Input.Submitted) -> None:
        event.stop()
        self._said = account_trouble(event.value)
        self._show()
        if self._said:
            return
        chosen = Chosen(OFFERS[self._at].way, event.value.strip())
        if chosen.way is Way.LIVE:
            self.push_screen(TypedWord(_LIVE, "LIVE"), lambda yes: self._confirmed(yes, chosen))
        else:
            self.exit(chosen)

    def _confirmed(self, yes: bool | None, chosen: Chosen) -> None:
        if yes:
            self.exit(chosen)
        else:
            self._said = "Nothing was begun."
            self._show()

    async def action_back(self) -> None:
        """From the account back to the ways."""
        if self._asks_account:
            self.account.remove_class("-shown")
            self.screen.set_focus(None)
            self._said = ""
            self._show()

    def action_leave(self) -> None:
        """Begin nothing."""
        self.exit(None)
