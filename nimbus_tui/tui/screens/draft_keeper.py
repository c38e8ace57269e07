"""What is typed in the config editor outlives its screen, and is offered to the next one."""

from nimbus_tui.config.drafts import DraftFile, KeptDraft
from nimbus_tui.tui.config_draft import ConfigDraft
from nimbus_tui.tui.panels.prompts import Choice
from nimbus_tui.tui.screens.config_saver import Editor
from nimbus_tui.tui.viewmodels.editor_frame import DRAFT_CHOICES, draft_question


class DraftKeeper:
    """Writes down what is not saved; without a file (None) nothing outlives the screen."""

    def __init__(self, editor: Editor, file: DraftFile | None) -> None:
        self._editor = editor
        self._file = file
        self._is_asking = False
        """Until the user has said what becomes of a draft, it stays as it was found."""

    async def offer(self) -> None:
        """Ask about a draft that an earlier screen left, whether it was closed or cut off."""
        editor, file, draft = self._editor, self._file, self._editor.draft
        if file is None or draft is None:
            return
        left = file.take_up(draft.base.path)
        if left is None:
            return
        earlier = ConfigDraft(left.base, draft.form, left.text)
        earlier.new_bot = left.new_bot
        if left.text == draft.base.text:
            file.drop()
            return
        question = draft_question(left.base.path, earlier.size, left.kept_at_ns)
        self._is_asking = True
        answer = await editor.ask(Choice(question, DRAFT_CHOICES))
        self._is_asking = False
        if answer == "r":
            editor.draft = earlier
            editor.take(earlier.text)
        elif answer == "d":
            file.drop()
        else:
            file.release()

    def keep(self) -> str:
        """Write down what is not saved, or forget what has been; returns why not, or nothing."""
        draft, file = self._editor.draft, self._file
        if draft is None or file is None or self._is_asking:
            return ""
        if not draft.is_changed:
            file.drop()
            return ""
        kept = KeptDraft(base=draft.base, text=draft.text, new_bot=draft.new_bot)
        return file.keep(kept)
