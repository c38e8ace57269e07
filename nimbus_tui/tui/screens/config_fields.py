"""Typing in the config editor: the form, the line below it, and the text, in step."""

from textual import on
from textual.widgets import Input, TextArea

from nimbus_tui.core.errors import NimbusError
from nimbus_tui.tui.panels.form_panel import Entry, FormPanel
from nimbus_tui.tui.screens.config_window import EditorWindow
from nimbus_tui.tui.viewmodels import talk
from nimbus_tui.tui.viewmodels.config_form import WrongValue, next_choice, typed_value


class FieldKeys(EditorWindow):
    """What is typed and chosen goes into the draft, and from there into the other half."""

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
