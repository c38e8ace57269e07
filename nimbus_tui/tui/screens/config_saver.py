"""How an edited config gets to the engine: planned, looked at, confirmed, saved."""

from collections.abc import Callable
from typing import Any, Protocol, TypeVar

from textual.screen import ModalScreen

from nimbus_tui.control.client import EngineClient
from nimbus_tui.control.commands import Result
from nimbus_tui.control.config_change import ConfigChange
from nimbus_tui.core.errors import NimbusError
from nimbus_tui.tui.config_draft import ConfigDraft
from nimbus_tui.tui.panels.prompts import Choice, TypedWord
from nimbus_tui.tui.screens.review import ReviewScreen
from nimbus_tui.tui.viewmodels import talk
from nimbus_tui.tui.viewmodels.config_form import parsed
from nimbus_tui.tui.viewmodels.editor_frame import (
    DISK_CHOICES,
    disk_question,
    live_question,
    newly_live,
)
from nimbus_tui.tui.viewmodels.lines import Line

LIVE_WORD = "LIVE"
Answer = TypeVar("Answer")


class Editor(Protocol):
    """What saving needs of the screen."""

    client: EngineClient
    draft: ConfigDraft | None

    def say(self, line: Line) -> None:
        """Put a word above the keys."""
        ...

    async def ask(self, prompt: ModalScreen[Answer]) -> Answer | None:
        """Put a question and wait for the answer."""
        ...

    def take(self, text: str) -> None:
        """Show another text."""
        ...

    def saved(self) -> None:
        """The text is in the file now."""
        ...


class ConfigSaver:
    """Talks to the engine and the user; whatever fails, the text stays as it was typed."""

    def __init__(self, editor: Editor) -> None:
        self._editor = editor

    async def save(self) -> bool:
        """Plan, show, confirm, save; returns whether the file has the text now."""
        editor, draft = self._editor, self._editor.draft
        if draft is None:
            return False
        if not draft.is_changed:
            editor.say(talk.note_line("nothing has been changed"))
            return False
        text, base = draft.text, draft.base
        editor.say(talk.sending_line("asking the engine what would change"))
        change = await self._tried(lambda: editor.client.plan_config(text, base.hash))
        if not isinstance(change, ConfigChange):
            return False
        if await self._is_edited_elsewhere():
            return False
        editor.say(())
        review = ReviewScreen("the difference", base.text, text, change)
        if not await editor.ask(review):
            editor.say(talk.note_line("not saved: nothing was done"))
            return False
        bots = newly_live(parsed(base.text).data, draft.data)
        if bots and not await editor.ask(TypedWord(live_question(bots), LIVE_WORD)):
            editor.say(talk.note_line("not saved: no bot trades live"))
            return False
        return await self._sent(text, base.hash)

    async def _sent(self, text: str, expected_hash: str) -> bool:
        editor = self._editor
        editor.say(talk.sending_line("saving"))
        outcome = await self._tried(lambda: editor.client.save_config(text, expected_hash))
        if outcome is None:
            return False
        editor.say(talk.outcome_line(outcome))
        if outcome.result is Result.REFUSED:
            await self.look_at_disk()
            return False
        base = await self._tried(editor.client.read_config)
        if base is not None and editor.draft is not None:
            editor.draft.rebase(base)
        editor.saved()
        return True

    async def look_at_disk(self) -> None:
        """See whether somebody else has written the file; what was not touched follows it."""
        draft = self._editor.draft
        if draft is None:
            return
        try:
            found = await self._editor.client.read_config()
        except NimbusError:
            return  # the engine's silence is told by whoever asked it something
        if found.hash == draft.base.hash:
            draft.on_disk = None
        elif not draft.is_changed or found.text == draft.text:
            draft.rebase(found)
            self._editor.take(found.text)
            self._editor.say(talk.note_line("the file was changed on the disk: it is shown anew"))
        else:
            draft.on_disk = found

    async def _is_edited_elsewhere(self) -> bool:
        """Whether the file is another one now; then the user decides first."""
        await self.look_at_disk()
        draft = self._editor.draft
        if draft is None or draft.on_disk is None:
            return False
        await self.settle_with_disk()
        return True

    async def settle_with_disk(self) -> None:
        """Ask which of two versions is to stay, as often as the difference is looked at."""
        editor, draft = self._editor, self._editor.draft
        if draft is None:
            return
        if draft.on_disk is None:
            editor.say(talk.note_line("the file on the disk is the one that you are editing"))
            return
        found = draft.on_disk
        while True:
            key = await editor.ask(Choice(disk_question(found.path), DISK_CHOICES))
            if key != "d":
                break
            await editor.ask(ReviewScreen("the file on disk → yours", found.text, draft.text))
        if key == "k":
            draft.rebase(found)
            editor.say(talk.note_line("yours stays; Ctrl+S shows what saving replaces"))
        elif key == "r":
            draft.rebase(found)
            editor.take(found.text)
            editor.say(talk.note_line("the file was read again"))

    async def _tried(self, call: Callable[[], Any]) -> Any:
        """What the engine answers; None where it doesn't, which is said."""
        try:
            return await call()
        except NimbusError as error:
            self._editor.say(
                talk.trouble_line(f"no answer from the engine: {error}; what you typed is kept")
            )
        except Exception as error:  # the screen's edge: what was typed must outlive it
            said = f"that failed: {type(error).__name__}: {error}; what you typed is kept"
            self._editor.say(talk.trouble_line(said))
        return None
