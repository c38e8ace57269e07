"""Keys that change the config: the editor, and the new bot's questions."""

from functools import partial

from nimbus_tui.tui.bot_actions import BotActions
from nimbus_tui.tui.config_draft import ConfigDraft
from nimbus_tui.tui.screens.config import ConfigScreen
from nimbus_tui.tui.screens.new_bot import NewBot, NewBotScreen
from nimbus_tui.tui.viewmodels import talk


class ConfigActions(BotActions):
    """What the action table calls by name to edit."""

    def action_open_config(self) -> None:
        """The config editor, as it was left."""
        self._edit(())

    def action_edit_bot(self) -> None:
        """The config editor at the selected bot."""
        self._on_bot(lambda bot_id: self._edit(("bots", bot_id)))

    def action_new_bot(self) -> None:
        """Set up a new bot, step by step."""
        if self.editor is None:
            self.push_screen(NewBotScreen(self.client, self.draft), self._begun)

    def _begun(self, new: NewBot | None) -> None:
        if new is None:
            self.say(talk.note_line("no new bot"))
            return
        new.draft.new_bot = new.name
        self.draft = new.draft
        self._edit(("bots", new.name))

    def _edit(self, open_at: tuple[str, ...]) -> None:
        if self.editor is None:
            editor = ConfigScreen(
                self.client,
                self.draft,
                lambda: self.live.header.size.height,
                open_at,
                self.actions,
                self.draft_file,
            )
            self.push_screen(editor, partial(self._edited, editor))

    def _edited(self, editor: ConfigScreen, draft: ConfigDraft | None) -> None:
        self.draft = draft
        if draft is not None:
            self.say(talk.note_line("what you typed is kept: the editor (9) has it"))
        elif editor.said:
            self.say(editor.said)
        if editor.new_bot:
            self.feed.focus = editor.new_bot
        self.repaint_now()

    @property
    def editor(self) -> ConfigScreen | None:
        """The config editor, where it is open."""
        found = (one for one in self.screen_stack if isinstance(one, ConfigScreen))
        return next(found, None)

    def action_in_editor(self, what: str) -> None:
        """One of the editor's own actions."""
        editor = self.editor
        if editor is None:
            self.say(talk.note_line("that is for the config editor: 9 opens it"))
        elif self.screen is editor:
            editor.act(what)
