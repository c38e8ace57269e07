"""The config editor: form and text of one file in step, and what they mean."""

from textual.binding import Binding
from textual.widgets import TextArea

from nimbus_tui.config.actions import ACTIONS
from nimbus_tui.tui.config_draft import ConfigDraft
from nimbus_tui.tui.panels.lines_panel import LinesPanel
from nimbus_tui.tui.panels.prompts import Choice
from nimbus_tui.tui.screens.config_fields import FieldKeys
from nimbus_tui.tui.screens.config_window import PANES
from nimbus_tui.tui.viewmodels import talk
from nimbus_tui.tui.viewmodels.editor_frame import LEAVE_CHOICES, leave_question
from nimbus_tui.tui.viewmodels.form_lines import tab_at


class ConfigScreen(FieldKeys):
    """Gives back what is not saved, so that it is there when the editor opens again."""

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

    def act(self, what: str) -> None:
        """One of the actions that the table of actions has for the editor."""
        actions = {
            "save": self.save, "turn": self.turn, "pane": self.turn_pane,
            "next_problem": self.next_problem, "disk": self.settle_with_disk,
        }  # fmt: skip
        actions[what]()

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
