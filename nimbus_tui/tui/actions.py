"""The one table of actions: keys, footer, help and command palette are made from it."""

from typing import NamedTuple


class Action(NamedTuple):
    """One thing that the user can do."""

    id: str
    keys: str
    name: str
    """The app's method `action_NAME`."""
    label: str
    help: str
    footer: bool = True


ACTIONS = (
    Action("bot.pause", "p", "pause", "pause", "Pause the bot: cancel what adds exposure"),
    Action("bot.resume", "r", "resume", "resume", "Lift the pause"),
    Action("bot.stop", "s", "stop_bot", "stop", "Stop the bot: cancel all its orders (asks)"),
    Action("bot.start", "S", "start_bot", "start", "Start a stopped bot with a fresh plan"),
    Action("bot.open", "enter", "open_bot", "open", "Show the bot on the whole screen"),
    Action("view.back", "escape", "back", "back", "Back to the dashboard", footer=False),
    Action("engine.emergency", "!", "emergency", "EMERGENCY", "Cancel every order of every bot"),
    Action("view.theme", "t", "next_theme", "theme", "Next theme"),
    Action("view.help", "?", "help", "help", "List the keys"),
    Action("app.quit", "q", "quit_asking", "quit", "Quit; asks what to do with the orders"),
    Action("move.down", "down,j", "move(1)", "down", "Next bot", footer=False),
    Action("move.up", "up,k", "move(-1)", "up", "Previous bot", footer=False),
)
