"""What stands around the editor, and who moves real money."""

import pytest

from nimbus_tui.config.actions import ACTIONS
from nimbus_tui.core.problems import ConfigProblem
from nimbus_tui.tui.viewmodels.config_form import pages, parsed
from nimbus_tui.tui.viewmodels.diff import DiffSize
from nimbus_tui.tui.viewmodels.editor_frame import (
    banner_line,
    editor_footer,
    live_question,
    newly_live,
    title_line,
)
from nimbus_tui.tui.viewmodels.form_lines import problem_lines, tab_at, tab_line
from nimbus_tui.tui.viewmodels.lines import Line, line_width
from tests.tui.scripted_config import FORM, TEXT

PROBLEM = ConfigProblem("f", 15, 1, "bots.eth-grid.levels", "must be at least 1, not 0")
VENUES = '[exchanges.hl]\nnetwork = "mainnet"\n[exchanges.test]\nnetwork = "testnet"\n'


def text(line: Line) -> str:
    return "".join(cell.text for cell in line)


def bot(exchange: str, live: str) -> str:
    return f'[bots.a]\nexchange = "{exchange}"\nlive = {live}\n'


@pytest.mark.parametrize(
    ("before", "after", "live"),
    [
        (bot("hl", "false"), bot("hl", "true"), ["a"]),
        (bot("hl", "true"), bot("hl", "true"), []),
        (bot("test", "true"), bot("hl", "true"), ["a"]),
        ("", bot("hl", "true"), ["a"]),
        (bot("hl", "false"), bot("test", "true"), []),
        (bot("hl", "true"), bot("hl", "false"), []),
        ("", "[bots]\na = 3\n", []),
    ],
)
def test_a_bot_is_newly_live_where_real_money_was_not_moved_before(
    before: str, after: str, live: list[str]
) -> None:
    assert newly_live(parsed(VENUES + before).data, parsed(VENUES + after).data) == live


def test_the_question_before_real_money_names_the_bots() -> None:
    assert "a, b trade with REAL MONEY" in live_question(["a", "b"])


@pytest.mark.parametrize("width", [20, 40, 80, 200])
def test_title_and_footer_fit(width: int) -> None:
    assert line_width(editor_footer(ACTIONS, width)) <= width
    line = title_line("/home/kim/nimbus/home.toml", DiffSize(2, 1), [PROBLEM], "", width)
    if width >= 80:
        assert line_width(line) == width
        assert "● not saved +2 −1" in text(line)
        assert "✗ 1 problem" in text(line)


def test_a_dead_engine_is_said_before_a_changed_file() -> None:
    assert "does not answer (gone)" in text(banner_line("f", is_gone="gone", is_new=True))
    assert "F4" in text(banner_line("f", is_new=True))
    assert banner_line("f") == ()


def test_problems_that_do_not_fit_are_counted() -> None:
    lines = [text(line) for line in problem_lines([PROBLEM] * 5, 80, 3)]
    assert len(lines) == 3
    assert lines[0].startswith(" ✗ line 15 bots.eth-grid.levels must be")
    assert lines[2] == "   … and 3 more"
    assert problem_lines([], 80, 3) == []


@pytest.mark.parametrize("width", [24, 40, 80])
def test_the_open_page_is_always_among_the_tabs_and_clicks_find_it(width: int) -> None:
    found = pages(parsed(TEXT).data, FORM)
    for at, page in enumerate(found):
        line = tab_line(found, at, [PROBLEM], width)
        assert line_width(line) <= width
        column = text(line).index(page.name)
        assert tab_at(line, column, found) == at
    assert "eth-grid ✗1" in text(tab_line(found, 0, [PROBLEM], 80))
