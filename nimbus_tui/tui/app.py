"""The app: its look, its keys, its palette and its end."""

from collections.abc import Iterator
from functools import partial
from pathlib import Path

from textual.binding import Binding

from nimbus_tui.config.actions import ACTIONS, Action, belongs
from nimbus_tui.tui.config_actions import ConfigActions
from nimbus_tui.tui.options import Farewell
from nimbus_tui.tui.palette import NimbusCommands, Offer
from nimbus_tui.tui.panels.prompts import Choice, Prompt
from nimbus_tui.tui.screens.help import HelpScreen
from nimbus_tui.tui.table_actions import TableActions
from nimbus_tui.tui.viewmodels import talk
from nimbus_tui.tui.viewmodels.keys import helped

_HERE = Path(__file__).parent
_SHEETS = (
    "live", "dashboard", "bot", "risk", "table", "replay", "backtest", "config", "help", "themes",
    "whole",
)  # fmt: skip


class NimbusApp(TableActions, ConfigActions):
    """The trader's window; sees nothing but an `EngineClient`."""

    CSS_PATH = [_HERE / "screens" / f"{name}.tcss" for name in _SHEETS]
    COMMANDS = {NimbusCommands}
    BINDINGS = [
        Binding(action.keys, action.name, action.label, show=False, id=action.id)
        for action in ACTIONS
        if not action.name.startswith("in_editor")
    ]

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Keys of one view alone do nothing on the others."""
        given = f"{action}({', '.join(map(repr, parameters))})"
        meant = [one for one in ACTIONS if one.name in (action, given)]
        return not meant or any(belongs(one, self.live.at) for one in meant)

    async def action_quit(self) -> None:
        """Ask what becomes of the resting orders."""
        if isinstance(self.screen, Prompt):
            return
        editor = self.editor
        if self.feed.has_ended:
            self.exit(Farewell.ENDED)
        elif editor is not None and editor.draft is not None and editor.draft.is_changed:
            editor.say(talk.trouble_line("what you typed is not saved: Ctrl+S saves, Esc leaves"))
            return
        demo, bots = self.options.demo, list(self.feed.bots.values())
        ways = {
            "d": Farewell.DETACH,
            "k": Farewell.STOP_KEEP_ORDERS,
            "q": Farewell.STOP_KEEP_ORDERS,
            "c": Farewell.STOP_CANCEL_ORDERS,
        }

        def answered(key: str | None) -> None:
            if key is not None:
                self.exit(ways[key])

        choices = talk.quit_choices(demo=demo, may_detach=self.options.may_detach)
        question = talk.quit_question(bots, demo=demo, has_draft=self.draft is not None)
        self.push_screen(Choice(question, choices), answered)

    def action_detach(self) -> None:
        """Close the screen; the engine goes on without it."""
        if self.options.may_detach:
            self.exit(Farewell.DETACH)
        else:
            self.say(talk.note_line("a demo ends with its screen: q quits it"))

    def action_restart_engine(self) -> None:
        """Start an engine that has ended again."""
        refusal = talk.restart_refusal(
            has_ended=self.feed.has_ended, may_restart=self.options.may_restart
        )
        if refusal:
            self.say(talk.note_line(refusal))
        else:
            self.exit(Farewell.RESTART)

    def action_help(self) -> None:
        """All keys that do something on this screen; a click on one does it."""

        async def picked(action: Action | None) -> None:
            if action is not None:
                await self.run_action(f"app.{action.name}")

        self.push_screen(HelpScreen(helped(self.actions, self.live.at)), picked)

    def offers(self) -> Iterator[Offer]:
        """What the command palette finds."""
        for action in self.actions:
            if action.id != "view.palette" and belongs(action, self.live.at):
                call = partial(self.run_action, f"app.{action.name}")
                yield Offer(action.label, f"{action.key_label}  {action.help}", call)
        for bot_id in self.feed.bots:
            yield Offer(f"show {bot_id}", "Open this bot's screen", partial(self.open, bot_id))
            for verb, act in self.operator.bot_commands.items():
                yield Offer(f"{verb} {bot_id}", f"{verb.capitalize()} it", partial(act, bot_id))
