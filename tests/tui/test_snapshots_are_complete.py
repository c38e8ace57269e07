"""No screen is without its pictures: at two sizes, in two themes."""

import importlib
import pkgutil
import re
from collections.abc import Iterator

from textual.screen import Screen

from nimbus_tui import tui
from nimbus_tui.tui.panels.prompts import Prompt
from nimbus_tui.tui.screens import backtest, config, risk
from nimbus_tui.tui.screens.config_fields import FieldKeys
from nimbus_tui.tui.screens.config_window import EditorWindow
from nimbus_tui.tui.screens.live import LiveScreen
from nimbus_tui.tui.viewmodels.wizard import Step
from tests.tui.opened import app_on
from tests.tui.scripted_client import ScriptedClient
from tests.tui.test_snapshots import FOLDER, KINDS, THEMES

SIZES = ("80x24", "200x60")
ONE_SIZE = {
    "backtest-falls", "backtest-figures", "backtest-trades", "config-text", "config-preview",
}  # fmt: skip
"""Panes that have 80×24 for themselves; at 200×60 they are in another's picture."""
PICTURES = {
    "view dashboard": ("dashboard", "marked", "risk-panel"),
    "view bot": ("bot", *KINDS),
    "view risk": ("risk", "risk-ladder", "risk-history", "risk-emergency"),
    "view orders": ("orders", "orders-filter"),
    "view fills": ("fills",),
    "view connections": ("connections",),
    "view events": ("events",),
    "view replay": ("replay", "replay-risk"),
    "view backtest": (
        "backtest-curve", "backtest-falls", "backtest-figures", "backtest-trades",
        "backtest-compared", "backtest-map",
    ),
    "screen ConfigScreen": ("config", "config-text", "config-preview", "config-wrong"),
    "screen NewBotScreen": (*(f"new-bot-{step.name.lower()}" for step in Step), "new-bot-form"),
    "screen ReviewScreen": ("config-review",),
    "screen HelpScreen": ("help",),
    "screen ThemePicker": ("themes",),
    "screen WholeScreen": ("event",),
    "screen Confirm": ("stop", "flatten", "orders-cancel"),
    "screen TypedWord": ("emergency", "rearm", "reset"),
    "screen Choice": ("quit",),
    "screen TypedLine": ("orders-filter",),
    "screen WrittenLine": ("replay-time",),
    "screen PathPrompt": ("backtest-file",),
    "screen CommandPalette": ("palette",),
    "app WelcomeApp": ("welcome",),
}  # fmt: skip


def screens() -> Iterator[str]:
    """Every kind of screen that the app can put over the live one."""
    for module in pkgutil.walk_packages(tui.__path__, f"{tui.__name__}."):
        importlib.import_module(module.name)
    waiting: list[type] = [Screen]
    while waiting:
        kind = waiting.pop()
        waiting += kind.__subclasses__()
        is_ours = kind.__module__.startswith(tui.__name__)
        if is_ours and kind not in (LiveScreen, Prompt, EditorWindow, FieldKeys):
            yield f"screen {kind.__name__}"


async def test_every_screen_is_named_with_its_pictures() -> None:
    app = app_on(ScriptedClient())
    async with app.run_test():
        for name in list(app.live._unseen):
            app.live.open(str(name))
        views = {f"view {view.id}" for view in app.live.views.children}
    ours = {*views, *screens(), "screen CommandPalette", "app WelcomeApp"}
    assert ours == set(PICTURES)


def test_every_pane_has_its_picture() -> None:
    drawn = {name for names in PICTURES.values() for name in names}
    panes = {
        *(f"risk-{pane}" for pane in risk.PANES if pane != "rules"),
        *(f"backtest-{pane}" for pane in backtest.PANES),
        *(f"config-{pane}" for pane in config.PANES if pane != "form"),
    }
    assert panes <= drawn


def test_every_picture_is_there_in_both_sizes_and_themes_and_none_is_left_over() -> None:
    drawn = {name for names in PICTURES.values() for name in names}
    wanted = {
        f"{name}-{size}-{theme}"
        for name in drawn
        for size in (SIZES[:1] if name in ONE_SIZE else SIZES)
        for theme in THEMES
    }
    found = {path.stem for path in FOLDER.iterdir()}
    assert wanted - found == set()
    others = {re.sub(r"-\d+x\d+-[a-z-]+$", "", name) for name in found - wanted}
    assert others <= drawn
