"""The config editor: form and text of one file in step, and what they mean."""

import asyncio
from collections.abc import Callable, Sequence
from typing import TypeVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Container, Horizontal, Vertical
from textual.events import Resize
from textual.screen import ModalScreen
from textual.timer import Timer
from textual.widgets import Input, TextArea

from nimbus_tui.config.actions import ACTIONS, Action
from nimbus_tui.config.drafts import DraftFile
from nimbus_tui.control.client import EngineClient
from nimbus_tui.core.errors import NimbusError
from nimbus_tui.core.ids import BotId
from nimbus_tui.tui.config_draft import READ_AT_ONCE, ConfigDraft, understood
from nimbus_tui.tui.panels.form_panel import Entry, FormPanel
from nimbus_tui.tui.panels.lines_panel import LinesPanel
from nimbus_tui.tui.panels.prompts import Choice
from nimbus_tui.tui.screens.config_paint import EditorPaint, Standing
from nimbus_tui.tui.screens.config_saver import ConfigSaver
from nimbus_tui.tui.screens.draft_keeper import DraftKeeper
from nimbus_tui.tui.viewmodels import talk
from nimbus_tui.tui.viewmodels.config_form import WrongValue, next_choice, typed_value
from nimbus_tui.tui.viewmodels.editor_frame import LEAVE_CHOICES, leave_question
from nimbus_tui.tui.viewmodels.form_lines import tab_at
from nimbus_tui.tui.viewmodels.lines import Line

CHECK_AFTER_S = 0.25
"""How long nothing is typed before the text is checked."""
WATCH_S = 2.0
"""How often the file on the disk is looked at."""
PANES = ("form", "text", "preview")

Answer = TypeVar("Answer")


class ConfigScreen(ModalScreen[ConfigDraft | None]):
    """Gives back what is not saved, so that it is there when the editor opens again."""

    HORIZONTAL_BREAKPOINTS = [(0, "-narrow"), (110, "-middle"), (160, "-wide")]
    VERTICAL_BREAKPOINTS = [(0, "-flat"), (12, "-low"), (20, "-high")]
    BINDINGS = [
        *(
            Binding(action.keys, f"app.{action.name}", action.label, id=action.id)
            for action in ACTIONS
            if action.name.startswith("in_editor")
            or action.id in ("engine.emergency", "view.palette")
        ),
        Binding("ctrl+q", "app.quit", "quit", id="form.quit"),
        Binding("escape", "leave", "leave", id="form.leave"),
        Binding("down,j", "move(1)", "next field", id="form.down"),
        Binding("up,k", "move(-1)", "field before", id="form.up"),
        Binding("pagedown", "move(10)", "ten fields on", id="form.page_down"),
        Binding("pageup", "move(-10)", "ten fields back", id="form.page_up"),
        Binding("right,l", "page(1)", "next page", id="form.next"),
        Binding("left,h", "page(-1)", "page before", id="form.previous"),
        Binding("enter", "change", "change", id="form.change"),
        Binding("space", "choose(1)", "next choice", id="form.choose"),
        Binding("delete,backspace", "leave_out", "default", id="form.default"),
    ]

    def __init__(
        self,
        client: EngineClient,
        draft: ConfigDraft | None,
        rows_above: Callable[[], int],
        open_at: tuple[str, ...] = (),
        actions: Sequence[Action] = ACTIONS,
        draft_file: DraftFile | None = None,
    ) -> None:
        super().__init__()
        self._rows_above = rows_above
        """How many rows the header takes, which stays in sight."""
        self.client = client
        self.draft = draft
        self.saver = ConfigSaver(self)
        self._keeper = DraftKeeper(self, draft_file)
        self.wrong = ""
        """What is wrong with the value that is being typed."""
        self.said: Line = ()
        self.gone = ""
        """Why the engine doesn't answer; empty while it does."""
        self.pane = PANES[0]
        self.new_bot: BotId | None = None
        """The bot that was set up and saved."""
        self._open_at = open_at
        self._check_timer: Timer | None = None
        self._leaves_when_saved = False
        self.paint = EditorPaint(actions)
        self.tabs, self.fields = self.paint.tabs, self.paint.fields
        self.entry, self.area = self.paint.entry, self.paint.area

    def compose(self) -> ComposeResult:
        """Title, pages, form beside text beside meaning, what is wrong, the keys."""
        paint = self.paint
        with Vertical(id="editor"):
            yield paint.title
            yield paint.banner
            yield self.tabs
            with Horizontal(id="editor-body", classes="-form"):
                with Vertical(id="editor-left"):
                    yield self.fields
                    with Horizontal(id="editor-entry-row"):
                        yield paint.label
                        yield self.entry
                    yield paint.help
                with Container(id="editor-right"):
                    yield self.area
                    yield paint.preview
            yield paint.problems
            yield paint.status
            yield paint.keys

    async def on_mount(self) -> None:
        """Read the file, then watch it."""
        self.fields.focus()
        self._show_text()  # what is kept is there before the first key is
        self.run_worker(self._open(), group="open", exit_on_error=False)
        self.set_interval(WATCH_S, self._watch)

    def on_unmount(self) -> None:
        """However the screen ends, what was typed doesn't."""
        self._keeper.keep()

    async def _open(self) -> None:
        try:
            if self.draft is None:
                read, form = await self.client.read_config(), await self.client.config_form()
                self.draft = ConfigDraft(read, form)
                self._show_text()
                await self._keeper.offer()
            else:
                self._show_text()
                await self.saver.look_at_disk()
        except NimbusError as error:
            self.gone = str(error)
        else:
            self._open_key(self._open_at)
            self._check_soon()
        self.refresh_all()

    # what saving needs

    def say(self, line: Line) -> None:
        """Put a word above the keys."""
        self.said = line
        self.refresh_all()

    async def ask(self, prompt: ModalScreen[Answer]) -> Answer | None:
        """Put a question and wait for the answer."""
        return await self.app.push_screen_wait(prompt)

    def take(self, text: str) -> None:
        """Show another text."""
        if self.draft is not None:
            self.draft.change(text)
            self._show_text()
            self._fill_entry()
            self._check_soon()

    def saved(self) -> None:
        """The text is in the file now."""
        self.gone = ""
        self._keeper.keep()
        self.refresh_all()
        if self.draft is not None and self.draft.new_bot:
            self.new_bot = BotId(self.draft.new_bot)
        if self._leaves_when_saved or self.new_bot is not None:
            self.dismiss(None)

    # text and form, in step

    def _show_text(self) -> None:
        if self.draft is not None:
            with self.prevent(TextArea.Changed, TextArea.SelectionChanged):
                self.area.turn_into(self.draft.text)

    @on(TextArea.Changed)
    def _text_typed(self, _event: TextArea.Changed) -> None:
        if self.draft is not None and self.area.text != self.draft.text:
            self.draft.change(self.area.text)
            self._fill_entry()
            self._check_soon()
            self.refresh_all()

    @on(TextArea.SelectionChanged)
    def _cursor_moved(self, _event: TextArea.SelectionChanged) -> None:
        """The form follows the cursor."""
        if self.draft is not None and self.area.has_focus:
            if self.draft.open_at(self.area.cursor_location[0] + 1):
                self._fill_entry()
            self.refresh_all()

    @on(Input.Changed)
    def _value_typed(self, _event: Input.Changed) -> None:
        row = self.draft.row if self.draft is not None else None
        if self.draft is None or row is None:
            return
        try:
            value = typed_value(row.field, self.entry.value)
            self.draft.set_field(row, value)
        except (WrongValue, NimbusError) as error:
            self.wrong = str(error)
        else:
            self.wrong = ""
            self._show_text()
            self._show_place()
            self._check_soon()
        self.refresh_all()

    def _set(self, typed: str) -> None:
        """Give the selected field a value at once."""
        row = self.draft.row if self.draft is not None else None
        if self.draft is None or row is None:
            return
        try:
            self.draft.set_field(row, typed_value(row.field, typed))
        except (WrongValue, NimbusError) as error:
            self.say(talk.trouble_line(str(error)))
            return
        self._show_text()
        self._moved()
        self._check_soon()

    def _fill_entry(self) -> None:
        """The line below the list shows the selected field's value."""
        row = self.draft.row if self.draft is not None else None
        self.wrong = ""
        with self.prevent(Input.Changed):
            self.entry.value = (row.given or "") if row is not None else ""
            default = row.field.default if row is not None else None
            self.entry.placeholder = default.strip('"') if default is not None else "not set"
        self.entry.cursor_position = len(self.entry.value)

    def _show_place(self) -> None:
        """The text's cursor stands at the selected field, where the form has the keys."""
        row = self.draft.row if self.draft is not None else None
        if self.draft is None or row is None or self.area.has_focus:
            return
        line, _ = self.draft.place_of(row.path if row.given is not None else self.draft.page.path)
        with self.prevent(TextArea.SelectionChanged):
            self.area.move_cursor((line - 1, 0), center=True)

    def _moved(self) -> None:
        self._fill_entry()
        self._show_place()
        self.refresh_all()

    def _open_key(self, path: tuple[str, ...]) -> None:
        if self.draft is not None:
            self.draft.open_key(path)
            self._moved()

    # checking

    def _check_soon(self) -> None:
        if self._check_timer is not None:
            self._check_timer.stop()
        self._check_timer = self.set_timer(CHECK_AFTER_S, self.check_now)

    def check_now(self) -> None:
        """Ask the engine what the text means; an older question is forgotten."""
        if trouble := self._keeper.keep():
            self.say(talk.trouble_line(trouble))
        self.run_worker(self._check(), group="check", exclusive=True, exit_on_error=False)

    async def _check(self) -> None:
        draft = self.draft
        if draft is None:
            return
        text = draft.text
        if len(text) > READ_AT_ONCE:
            draft.know(text, *await asyncio.to_thread(understood, text))
        try:
            answer = await self.client.preview(text)
        except NimbusError as error:
            self.gone = str(error)
        else:
            self.gone = ""
            draft.learn(text, answer)
            self.area.mark({one.line - 1: one.message for one in reversed(answer.errors)})
        self.refresh_all()

    def _watch(self) -> None:
        self.run_worker(self._look(), group="look", exclusive=True, exit_on_error=False)

    async def _look(self) -> None:
        await self.saver.look_at_disk()
        if self.gone and self.draft is not None:
            self.check_now()
        elif self.gone:
            await self._open()
        self.refresh_all()

    # keys

    def act(self, what: str) -> None:
        """One of the actions that the table of actions has for the editor."""
        actions = {
            "save": self.save, "turn": self.turn, "pane": self.turn_pane,
            "next_problem": self.next_problem, "disk": self.settle_with_disk,
        }  # fmt: skip
        actions[what]()

    def action_move(self, by: int) -> None:
        """Another field; the value that was being typed stays."""
        if self.draft is not None:
            self.draft.move(by)
            if self.entry.has_focus:
                self.draft.begin_typing()
            self._moved()

    def action_page(self, by: int) -> None:
        """Another table."""
        if self.draft is not None:
            self.draft.turn_page(by)
            self._moved()

    def action_change(self) -> None:
        """Type a value, or take the next choice."""
        row = self.draft.row if self.draft is not None else None
        if row is None or self.draft is None:
            return
        if self.draft.trouble:
            self.say(talk.trouble_line(f"mend the text first: {self.draft.trouble}"))
        elif self.draft.is_typing:  # Enter came before the line had the keys
            self._done()
        elif (choice := next_choice(row)) is not None:
            self._set(choice)
        else:
            self._type()

    def _type(self) -> None:
        if self.draft is not None:
            self.draft.begin_typing()
            self.set_focus(self.entry)

    def action_choose(self, by: int) -> None:
        """The next choice of a field that has some."""
        row = self.draft.row if self.draft is not None else None
        choice = next_choice(row, by) if row is not None else None
        if choice is not None:
            self._set(choice)

    def action_leave_out(self) -> None:
        """Take the key out of the text: its default counts."""
        self._set("")

    @on(FormPanel.Typed)
    def _begin(self, event: FormPanel.Typed) -> None:
        draft, row = self.draft, self.draft.row if self.draft is not None else None
        if draft is None or row is None or draft.trouble or next_choice(row) is not None:
            return
        if draft.is_typing:  # typed before the line had the keys
            self.entry.value += event.character
        else:
            self._type()
            self.entry.value = event.character
        self.entry.cursor_position = len(self.entry.value)

    @on(Input.Submitted)
    def _submitted(self, _event: Input.Submitted) -> None:
        self._done()

    def _done(self) -> None:
        """The value is typed: the keys go back to the list."""
        if self.draft is not None:
            self.draft.end_typing()
        self.set_focus(self.fields)

    @on(Entry.Begun)
    def _entry_begun(self, _event: Entry.Begun) -> None:
        self.said = ()
        if self.draft is not None and not self.draft.is_typing:
            self.draft.begin_typing()
        self.refresh_all()

    @on(Entry.Left)
    def _entry_left(self, _event: Entry.Left) -> None:
        if self.draft is not None:
            self.draft.end_typing()
        if self.wrong:
            self.say(talk.trouble_line(f"not taken: {self.wrong}"))
        self._fill_entry()
        self.refresh_all()

    def turn(self) -> None:
        """From the form to the text and back."""
        is_text = self.area.has_focus if self.pane != "preview" else True
        self._show_pane("form" if is_text else "text")

    def turn_pane(self) -> None:
        """Form, text, meaning: one after the other where only one is seen."""
        self._show_pane(PANES[(PANES.index(self.pane) + 1) % len(PANES)])

    def _show_pane(self, pane: str) -> None:
        self.pane = pane
        body = self.query_one("#editor-body")
        for name in PANES:
            body.set_class(name == pane, f"-{name}")
        (self.area if pane == "text" else self.fields).focus()
        self.call_after_refresh(self.refresh_all)

    def next_problem(self) -> None:
        """Go to the next thing that is wrong, in the form and in the text."""
        draft = self.draft
        if draft is None or not draft.problems:
            self.say(talk.note_line("nothing is wrong with the text"))
            return
        here = self.area.cursor_location[0] + 1
        later = [one for one in draft.problems if one.line > here]
        problem = (later or list(draft.problems))[0]
        draft.open_key(tuple(problem.key.replace('"', "").split(".")))
        self._fill_entry()
        with self.prevent(TextArea.SelectionChanged):
            self.area.move_cursor((problem.line - 1, max(0, problem.column - 1)), center=True)
        self.say(talk.trouble_line(f"line {problem.line}: {problem.message}"))

    def settle_with_disk(self) -> None:
        """Decide between the file on the disk and what was typed."""
        self.run_worker(self.saver.settle_with_disk(), group="save", exit_on_error=False)

    def save(self) -> None:
        """See what would change, then save."""
        if self.entry.has_focus:
            self._done()
        self.run_worker(self.saver.save(), group="save", exclusive=True, exit_on_error=False)

    def action_leave(self) -> None:
        """Out of the line, out of the editor; what is not saved is asked about."""
        draft = self.draft
        if draft is not None and self.entry.has_focus:
            draft.take_back()
            self._show_text()
            self._moved()
            self._check_soon()
            self.fields.focus()
        elif draft is None or not draft.is_changed:
            self.dismiss(None)
        else:
            self.run_worker(self._leave(draft), group="save", exit_on_error=False)

    async def _leave(self, draft: ConfigDraft) -> None:
        match await self.ask(Choice(leave_question(draft.size), LEAVE_CHOICES)):
            case "s":
                self._leaves_when_saved = True
                await self.saver.save()
                self._leaves_when_saved = False
            case "k":
                self.dismiss(draft)
            case "d":
                draft.change(draft.base.text)
                self.dismiss(None)

    # the mouse and the terminal

    def on_lines_panel_picked(self, event: LinesPanel.Picked) -> None:
        """A click opens a page or selects a field; on the selected one it changes it."""
        event.stop()
        draft = self.draft
        if draft is None:
            return
        if event.panel is self.fields:
            self.fields.focus()
            at = self.paint.field_at(event.row)
            if at is not None and at == draft.open_field:
                self.action_change()
            elif at is not None:
                draft.open_field = at
                self._moved()
        elif event.panel is self.tabs:
            at = tab_at(self.paint.tab_line, event.column, draft.pages)
            if at is not None:
                draft.open(draft.pages[at])
                self._moved()
        elif event.panel is self.paint.problems and event.row < len(draft.problems):
            problem = draft.problems[event.row]
            self.area.move_cursor((problem.line - 2, 0))
            self.next_problem()

    def on_resize(self, _event: Resize) -> None:
        """What fits depends on the size."""
        self.call_after_refresh(self.refresh_all)

    def refresh_all(self) -> None:
        """Show everything as it is now."""
        if not self.is_mounted:
            return
        editor = self.query_one("#editor")
        if editor.styles.margin.top != self._rows_above():
            editor.styles.margin = (self._rows_above(), 0, 0, 0)
        now = Standing(self.said, self.gone, self.pane, self.wrong, self.size.width)
        self.paint.all(self.draft, now)
