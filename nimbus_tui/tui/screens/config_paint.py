"""What the config editor's panels show: lines of view-models, put where they belong."""

from collections.abc import Sequence
from typing import NamedTuple

from nimbus_tui.config.actions import Action
from nimbus_tui.tui.config_draft import ConfigDraft
from nimbus_tui.tui.panels.form_panel import Entry, FormPanel
from nimbus_tui.tui.panels.lines_panel import LinesPanel
from nimbus_tui.tui.panels.toml_area import TomlArea
from nimbus_tui.tui.viewmodels.config_preview import preview_picture
from nimbus_tui.tui.viewmodels.editor_frame import (
    banner_line,
    editor_footer,
    editor_hint,
    title_line,
)
from nimbus_tui.tui.viewmodels.form_lines import (
    field_help,
    form_picture,
    problem_lines,
    tab_line,
)
from nimbus_tui.tui.viewmodels.frame import Room
from nimbus_tui.tui.viewmodels.lines import Cell, Line, clean, paragraphs

_ALL_ROWS = 10_000
_MOST_PROBLEMS = 4


class Standing(NamedTuple):
    """How the editor stands, beside its draft."""

    said: Line
    """The last word; empty where the keys are explained instead."""
    gone: str
    """Why the engine doesn't answer; empty while it does."""
    pane: str
    wrong: str
    """What is wrong with the value that is being typed."""
    width: int


class EditorPaint:
    """The editor's passive panels, and the lines of all."""

    def __init__(self, actions: Sequence[Action]) -> None:
        self._actions = actions
        self.tabs = LinesPanel(id="editor-tabs")
        self.fields = FormPanel(id="editor-fields")
        self.entry = Entry(id="editor-entry")
        self.area = TomlArea("", id="editor-text")
        self.title = LinesPanel(id="editor-title")
        self.banner = LinesPanel(id="editor-banner")
        self.label = LinesPanel(id="editor-label")
        self.help = LinesPanel(id="editor-help")
        self.preview = LinesPanel(id="editor-preview")
        self.problems = LinesPanel(id="editor-problems")
        self.status = LinesPanel(id="editor-status")
        self.keys = LinesPanel(id="editor-keys")
        self.tab_line: Line = ()
        self._places: tuple[int, ...] = ()

    def field_at(self, line: int) -> int | None:
        """Which field stands on a line of the list, or just above it."""
        before = [at for at, place in enumerate(self._places) if place <= line]
        return before[-1] if before else None

    def all(self, draft: ConfigDraft | None, now: Standing) -> None:
        """Every panel as things are now."""
        self._frame(draft, now)
        if draft is None:
            self.fields.show([(Cell(" … reading the config", "muted"),)])
        else:
            self._form(draft, now)
            self._meaning(draft, now)
            self._wrong(draft, now.width)
        panels = (
            self.title, self.banner, self.label, self.help, self.preview, self.problems,
            self.status, self.keys, self.tabs, self.fields,
        )  # fmt: skip
        for panel in panels:
            panel.paint(_ALL_ROWS)

    def _frame(self, draft: ConfigDraft | None, now: Standing) -> None:
        path = draft.base.path if draft is not None else ""
        size = draft.size if draft is not None and draft.is_changed else None
        checks = "" if draft is not None and draft.is_checked else "checking"
        problems = draft.problems if draft is not None else ()
        self.title.show([title_line(path, size, problems, checks, now.width)])
        banner = banner_line(
            path,
            is_gone=now.gone,
            is_new=draft is not None and draft.on_disk is not None,
            trouble=draft.base.trouble if draft is not None else "",
            disk=next(one.key_label for one in self._actions if one.id == "config.disk"),
        )
        self.banner.set_class(bool(banner), "-shown")
        self.banner.show([banner])
        is_new = draft is not None and bool(draft.new_bot)
        self.status.show([now.said or self._hint(now.pane, is_new=is_new)])
        self.keys.show([editor_footer(self._actions, now.width)])

    def _hint(self, pane: str, *, is_new: bool) -> Line:
        if self.area.has_focus and self.area.trouble:
            return (Cell(" ✗ this line: ", "loss"), Cell(clean(self.area.trouble)))
        at = "text" if self.area.has_focus else pane
        return editor_hint(self._actions, at, is_typing=self.entry.has_focus, is_new=is_new)

    def _form(self, draft: ConfigDraft, now: Standing) -> None:
        width = self.fields.size.width
        self.tab_line = tab_line(draft.pages, draft.page_at, draft.problems, now.width)
        self.tabs.show([self.tab_line])
        if not width:
            return
        drawn = form_picture(draft.page, draft.rows, width)
        self._places = drawn.places
        chosen = None
        if drawn.places:
            chosen = drawn.places[min(draft.open_field, len(drawn.places) - 1)]
        about = (draft.open_page, width)
        self.fields.show(drawn.lines, selected=chosen, focus=chosen, about=about)
        row = draft.row
        label = f" {row.field.label} " if row is not None else ""
        self.label.styles.width = max(1, len(label))
        self.label.show([(Cell(label, "key"),)])
        lines = field_help(row, width, self.help.size.height, now.wrong)
        if draft.trouble:
            lines = paragraphs(f"✗ mend the text first: {draft.trouble}", width - 2, "loss")
        self.help.show(lines)

    def _meaning(self, draft: ConfigDraft, now: Standing) -> None:
        size = self.preview.size
        if not size.width or not size.height:
            return
        waits = "" if not now.gone else "the engine does not answer"
        room = Room(width=size.width, height=size.height)
        drawn = preview_picture(draft.bot_id, draft.answer, room, draft.traded, waits)
        about = (draft.bot_id, len(drawn.rows))
        self.preview.show(drawn.rows, heading=drawn.heading, focus=drawn.focus, about=about)

    def _wrong(self, draft: ConfigDraft, width: int) -> None:
        lines = problem_lines(draft.problems, width, _MOST_PROBLEMS)
        if self.problems.styles.height is None or self.problems.size.height != len(lines):
            self.problems.styles.height = len(lines)
        self.problems.show(lines)
