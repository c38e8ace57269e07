"""What the config editor's panels show: lines of view-models, put where they belong."""

from typing import TYPE_CHECKING

from nimbus_tui.tui.actions import ACTIONS
from nimbus_tui.tui.config_draft import ConfigDraft
from nimbus_tui.tui.panels.lines_panel import LinesPanel
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
from nimbus_tui.tui.viewmodels.lines import Cell, Line

if TYPE_CHECKING:
    from nimbus_tui.tui.screens.config import ConfigScreen

_ALL_ROWS = 10_000
_MOST_PROBLEMS = 4


class EditorPaint:
    """The editor's passive panels, and the lines of all."""

    def __init__(self, screen: "ConfigScreen") -> None:
        self._screen = screen
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

    def all(self) -> None:
        """Every panel as things are now."""
        screen, width = self._screen, self._screen.size.width
        self._frame(width)
        draft = screen.draft
        if draft is None:
            screen.fields.show([(Cell(" … reading the config", "muted"),)])
        else:
            self._form(draft)
            self._meaning(draft)
            self._wrong(draft, width)
        panels = (
            self.title, self.banner, self.label, self.help, self.preview, self.problems,
            self.status, self.keys, screen.tabs, screen.fields,
        )  # fmt: skip
        for panel in panels:
            panel.paint(_ALL_ROWS)

    def _frame(self, width: int) -> None:
        screen = self._screen
        draft = screen.draft
        live = getattr(screen.app, "live", None)
        top = live.header.size.height if live is not None else 0
        editor = screen.query_one("#editor")
        if editor.styles.margin.top != top:
            editor.styles.margin = (top, 0, 0, 0)
        path = draft.base.path if draft is not None else ""
        size = draft.size if draft is not None and draft.is_changed else None
        checks = "" if draft is not None and draft.is_checked else "checking"
        problems = draft.problems if draft is not None else ()
        self.title.show([title_line(path, size, problems, checks, width)])
        banner = banner_line(
            path,
            is_gone=screen.gone,
            is_new=draft is not None and draft.on_disk is not None,
            trouble=draft.base.trouble if draft is not None else "",
        )
        self.banner.set_class(bool(banner), "-shown")
        self.banner.show([banner])
        pane = "text" if screen.area.has_focus else screen.pane
        self.status.show([screen.said or self._hint(pane)])
        self.keys.show([editor_footer(ACTIONS, width)])

    def _hint(self, pane: str) -> Line:
        trouble = self._screen.area.trouble if pane == "text" else ""
        if trouble:
            return (Cell(" ✗ this line: ", "loss"), Cell(trouble))
        draft = self._screen.draft
        is_new = draft is not None and bool(draft.new_bot)
        return editor_hint(pane, is_typing=self._screen.entry.has_focus, is_new=is_new)

    def _form(self, draft: ConfigDraft) -> None:
        screen, width = self._screen, self._screen.fields.size.width
        self.tab_line = tab_line(draft.pages, draft.page_at, draft.problems, screen.size.width)
        screen.tabs.show([self.tab_line])
        if not width:
            return
        drawn = form_picture(draft.page, draft.rows, width)
        self._places = drawn.places
        chosen = None
        if drawn.places:
            chosen = drawn.places[min(draft.open_field, len(drawn.places) - 1)]
        screen.fields.show(
            drawn.lines, selected=chosen, focus=chosen, about=(draft.open_page, width)
        )
        row = draft.row
        label = f" {row.field.label} " if row is not None else ""
        self.label.styles.width = max(1, len(label))
        self.label.show([(Cell(label, "key"),)])
        lines = field_help(draft.row, width, self.help.size.height, screen.wrong)
        if draft.trouble:
            lines = [(Cell(f" ✗ mend the text first: {draft.trouble}", "loss"),)]
        self.help.show(lines)

    def _meaning(self, draft: ConfigDraft) -> None:
        size = self.preview.size
        if not size.width or not size.height:
            return
        waits = "" if not self._screen.gone else "the engine does not answer"
        room = Room(width=size.width, height=size.height)
        answer = draft.answer
        drawn = preview_picture(draft.bot_id, answer, room, draft.traded, waits)
        self.preview.show(
            drawn.rows,
            heading=drawn.heading,
            focus=drawn.focus,
            about=(draft.bot_id, len(drawn.rows)),
        )

    def _wrong(self, draft: ConfigDraft, width: int) -> None:
        lines = problem_lines(draft.problems, width, _MOST_PROBLEMS)
        if self.problems.styles.height is None or self.problems.size.height != len(lines):
            self.problems.styles.height = len(lines)
        self.problems.show(lines)
