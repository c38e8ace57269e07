"""The config editor's window: reads the file, asks what the text means, shows both."""

import asyncio
from collections.abc import Callable, Sequence
from typing import TypeVar

from textual.app import ComposeResult
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
from nimbus_tui.tui.screens.config_paint import EditorPaint, Standing
from nimbus_tui.tui.screens.config_saver import ConfigSaver
from nimbus_tui.tui.screens.draft_keeper import DraftKeeper
from nimbus_tui.tui.viewmodels import talk
from nimbus_tui.tui.viewmodels.lines import Line

CHECK_AFTER_S = 0.25
"""How long nothing is typed before the text is checked."""
WATCH_S = 2.0
"""How often the file on the disk is looked at."""
PANES = ("form", "text", "preview")

Answer = TypeVar("Answer")


class EditorWindow(ModalScreen[ConfigDraft | None]):
    """Everything of the editor but what its keys do."""

    HORIZONTAL_BREAKPOINTS = [(0, "-narrow"), (110, "-middle"), (160, "-wide")]
    VERTICAL_BREAKPOINTS = [(0, "-flat"), (12, "-low"), (20, "-high")]

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

    def _show_text(self) -> None:
        if self.draft is not None:
            with self.prevent(TextArea.Changed, TextArea.SelectionChanged):
                self.area.turn_into(self.draft.text)

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
