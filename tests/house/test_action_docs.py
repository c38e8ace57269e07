"""The page on keys lists the actions that there are."""

from pathlib import Path

from nimbus_tui.config.actions import ACTIONS

PAGE = Path(__file__).parents[2] / "docs" / "tables.md"


def test_every_action_is_listed_with_its_keys() -> None:
    text = PAGE.read_text("utf-8")
    for action in ACTIONS:
        assert f"| `{action.id}` | `{action.keys}` | {action.help} |" in text
