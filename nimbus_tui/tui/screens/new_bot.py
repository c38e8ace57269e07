"""The first steps to a new bot: strategy, venue, symbol, name; the form takes it from there."""

from collections.abc import Sequence
from typing import NamedTuple

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Vertical
from textual.events import Resize
from textual.screen import ModalScreen
from textual.widgets import Input

from nimbus_tui.config.bot_starter import bot_starter, free_name, with_bot
from nimbus_tui.config.checks import is_name
from nimbus_tui.control.client import EngineClient
from nimbus_tui.control.config_change import InstrumentRow
from nimbus_tui.control.config_form import FormSection
from nimbus_tui.core.errors import NimbusError
from nimbus_tui.core.ids import ExchangeName, Symbol
from nimbus_tui.tui.config_draft import ConfigDraft
from nimbus_tui.tui.panels.lines_panel import LinesPanel
from nimbus_tui.tui.viewmodels import wizard
from nimbus_tui.tui.viewmodels.lines import Cell, Line, key_cells
from nimbus_tui.tui.viewmodels.wizard import Option, Step

_ALL_ROWS = 10_000
_FRAME = 4
_AROUND = 10
"""Rows of the box that aren't the list."""
_MOST_ROWS = 24
_KEYS = (
    ("↑↓", "choose", ""), ("Enter", "take it", "enter"), ("Esc", "a step back", "escape"),
    ("type", "to search", ""),
)  # fmt: skip


class NewBot(NamedTuple):
    """What the first steps lead to."""

    name: str
    draft: ConfigDraft


class NewBotScreen(ModalScreen[NewBot | None]):
    """A line to search in above a list; Enter goes a step on, Escape a step back."""

    BINDINGS = [
        Binding("escape", "back", "a step back", id="wizard.back"),
        Binding("down", "move(1)", "down", id="wizard.down"),
        Binding("up", "move(-1)", "up", id="wizard.up"),
        Binding("pagedown", "move(10)", "page down", id="wizard.page_down"),
        Binding("pageup", "move(-10)", "page up", id="wizard.page_up"),
        Binding("tab", "mark", "mark", id="wizard.mark"),
    ]

    def __init__(self, client: EngineClient, draft: ConfigDraft | None) -> None:
        super().__init__()
        self._client = client
        self._draft = draft
        self.step = Step.STRATEGY
        self._strategy = ""
        self._venue = ""
        self._marked: list[str] = []
        self._rows: Sequence[InstrumentRow] = ()
        self._options: list[Option] = []
        self._at = 0
        self._trouble = ""
        self.title_panel = LinesPanel(id="wizard-title")
        self.search = Input(id="wizard-search", compact=True, placeholder="type to search")
        self.search.cursor_blink = False
        self.list = LinesPanel(id="wizard-list")
        self.keys = LinesPanel(id="wizard-keys")

    def compose(self) -> ComposeResult:
        """Title, search, list, keys."""
        with Vertical(id="wizard-box"):
            yield self.title_panel
            yield self.search
            yield self.list
            yield self.keys

    async def on_mount(self) -> None:
        """Ask for the config, unless it is being edited."""
        self.search.focus()
        if self._draft is None:
            self.run_worker(self._read(), group="open", exit_on_error=False)
        self._show()

    async def _read(self) -> None:
        try:
            read, form = await self._client.read_config(), await self._client.config_form()
        except NimbusError as error:
            self._trouble = f"the engine does not answer: {error}"
        else:
            self._draft = ConfigDraft(read, form)
            self._trouble = read.trouble or self._draft.trouble
        self._show()

    # what is shown

    def _show(self) -> None:
        width = min(self.app.size.width, 130) - _FRAME
        if self._draft is not None:
            self._options = self._found(self._draft, width)
        self._at = max(0, min(self._at, len(self._options) - 1))
        chosen = [part for part in (self._strategy, self._venue, *self._marked) if part]
        self.title_panel.show([wizard.step_title(self.step, chosen, width)])
        rows = [option.line for option in self._options] or [self._nothing()]
        if self.step is Step.NAME:
            rows = [self._nothing()]
        room = max(3, min(_MOST_ROWS, self.app.size.height - _AROUND))
        self.list.styles.height = room
        heading = [wizard.symbol_heading()] if self.step is Step.SYMBOL else []
        selected = self._at if self._options and self.step is not Step.NAME else None
        self.list.show(rows, heading=heading, selected=selected, focus=selected, about=self.step)
        self.keys.show([self._key_line()])
        for panel in (self.title_panel, self.list, self.keys):
            panel.paint(_ALL_ROWS)

    def _found(self, draft: ConfigDraft, width: int) -> list[Option]:
        query = self.search.value
        match self.step:
            case Step.STRATEGY:
                return wizard.strategies(draft.form, query, width)
            case Step.VENUE:
                return wizard.venues(draft.data, query)
            case Step.SYMBOL:
                quotes = wizard.quotes_in_use(draft.data)
                return wizard.symbols(self._rows, query, self._marked, quotes)
            case Step.NAME:
                return []

    def _nothing(self) -> Line:
        if self._trouble:
            return (Cell(f" ✗ {self._trouble}", "loss"),)
        if self.step is Step.NAME:
            return (
                Cell(" Letters, digits, - _ and . make a name; it stays with its books.", "muted"),
            )
        if self._draft is None:
            return (Cell(" … reading the config", "muted"),)
        return (Cell(f" nothing is called {self.search.value!r}", "warning"),)

    def _key_line(self) -> Line:
        marks = (("Tab", "marks one", "tab"),) if self._takes_several else ()
        keys = (*_KEYS[:1], *marks, *_KEYS[1:])
        cells = [Cell(" ")]
        for key, does, press in keys:
            cells += key_cells(f"{key} ", f"{does}   ", press)
        return tuple(cells)

    @property
    def _takes_several(self) -> bool:
        if self._draft is None or self.step is not Step.SYMBOL:
            return False
        return wizard.takes_several(self._draft.form.bots[self._strategy])

    # keys and the mouse

    def on_resize(self, _event: Resize) -> None:
        """Lines are as long as there is room."""
        self._show()

    def action_move(self, by: int) -> None:
        """Another line."""
        self._at += by
        self._show()

    def action_mark(self) -> None:
        """Mark a symbol, or take the mark off, for a strategy that trades several."""
        if self._takes_several and self._options:
            value = self._options[self._at].value
            if value in self._marked:
                self._marked.remove(value)
            else:
                self._marked.append(value)
            self._show()

    def on_lines_panel_picked(self, event: LinesPanel.Picked) -> None:
        """A click takes a line, or marks it."""
        event.stop()
        if event.panel is self.list and event.row < len(self._options):
            self._at = event.row
            if self._takes_several:
                self.action_mark()
            else:
                self._take()

    @on(Input.Changed)
    def _searched(self, _event: Input.Changed) -> None:
        if self.step is not Step.NAME:
            self._at = 0
            self._trouble = "" if self._draft is not None else self._trouble
        self._show()

    @on(Input.Submitted)
    def _submitted(self, _event: Input.Submitted) -> None:
        self._take()

    def action_back(self) -> None:
        """A step back; out of the first one."""
        before = {Step.NAME: Step.SYMBOL, Step.SYMBOL: Step.VENUE, Step.VENUE: Step.STRATEGY}
        if self.step is Step.STRATEGY:
            self.dismiss(None)
            return
        if self.step is Step.SYMBOL:
            self._marked, self._venue = [], ""
        elif self.step is Step.VENUE:
            self._strategy = ""
        elif not wizard.takes_several(self._form_of(self._strategy)):
            self._marked = []
        self._go(before[self.step])

    def _form_of(self, strategy: str) -> FormSection:
        if self._draft is None:
            raise AssertionError("a strategy was chosen from no form")
        return self._draft.form.bots[strategy]

    def _go(self, step: Step, value: str = "") -> None:
        self.step, self._at, self._trouble = step, 0, ""
        with self.prevent(Input.Changed):
            self.search.value = value
        self.search.cursor_position = len(value)
        self._show()

    def _take(self) -> None:
        """Take the selected line and go on."""
        if self._draft is None:
            return
        if self.step is Step.NAME:
            self._finish(self._draft)
        elif self._options:
            value = self._options[self._at].value
            if self.step is Step.STRATEGY:
                self._strategy = value
                self._go(Step.VENUE)
            elif self.step is Step.VENUE:
                self._venue = value
                self._rows = ()
                self._go(Step.SYMBOL)
                self.run_worker(self._read_symbols(value), group="symbols", exclusive=True)
            else:
                self._take_symbol(self._draft, value)

    async def _read_symbols(self, venue: str) -> None:
        self._trouble = "asking what it offers …"
        self._show()
        try:
            found = await self._client.instruments(ExchangeName(venue))
        except NimbusError as error:
            self._trouble = f"the engine does not answer: {error}"
        else:
            self._rows, self._trouble = found.rows, found.trouble
        self._show()

    def _take_symbol(self, draft: ConfigDraft, value: str) -> None:
        if not self._takes_several:
            self._marked = [value]
        elif len(self._marked) < 2:
            self._marked += [value] if value not in self._marked else []
            self._trouble = ""
            self._show()
            return
        bots = draft.data.get("bots")
        taken = list(bots) if isinstance(bots, dict) else []
        self._go(Step.NAME, free_name(wizard.name_for(self._strategy, self._marked), taken))

    def _finish(self, draft: ConfigDraft) -> None:
        name = self.search.value.strip()
        bots = draft.data.get("bots")
        if not is_name(name):
            self._trouble = f"{name!r} can't be a name: take letters, digits, - _ and ."
        elif isinstance(bots, dict) and name in bots:
            self._trouble = f"there is a bot called {name} already"
        else:
            marked = [Symbol(symbol) for symbol in self._marked]
            table = bot_starter(self._strategy, name, self._venue, marked)
            draft.change(with_bot(draft.text, table))
            self.dismiss(NewBot(name, draft))
            return
        self._show()
