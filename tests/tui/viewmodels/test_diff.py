"""A change as lines."""

from nimbus_tui.tui.viewmodels.diff import diff_lines, diff_size
from nimbus_tui.tui.viewmodels.lines import line_width

BEFORE = "a = 1\nb = 2\nc = 3\nd = 4\ne = 5\nf = 6\ng = 7\nh = 8\n"


def text(before: str, after: str, width: int = 40) -> list[str]:
    return ["".join(c.text for c in line).rstrip() for line in diff_lines(before, after, width)]


def test_what_went_stands_above_what_came_with_two_lines_around() -> None:
    assert text(BEFORE, BEFORE.replace("c = 3", "c = 9  # more")) == [
        "    1   a = 1",
        "    2   b = 2",
        "    3 − c = 3",
        "    3 + c = 9  # more",
        "    4   d = 4",
        "    5   e = 5",
    ]


def test_signs_come_with_colours_and_nothing_is_wider_than_the_panel() -> None:
    lines = diff_lines(BEFORE, BEFORE.replace("c = 3", "c = " + "9" * 90), 30)
    tones = {line[1].text[0]: line[1].tone for line in lines}
    assert tones == {" ": "muted", "−": "loss", "+": "gain"}
    assert {line_width(line) for line in lines} == {30}


def test_two_distant_changes_have_a_rule_between() -> None:
    lines = text(BEFORE, BEFORE.replace("a = 1\n", "").replace("h = 8", "h = 0"))
    assert sum("┄┄┄" in line for line in lines) == 1
    assert "    1 − a = 1" in lines
    assert "    7 + h = 0" in lines


def test_no_change_is_no_line_and_the_size_is_counted() -> None:
    assert text(BEFORE, BEFORE) == []
    assert str(diff_size(BEFORE, BEFORE + "i = 9\n")) == "+1 −0"
    assert diff_size("", BEFORE) == (8, 0)
    assert diff_size(BEFORE, BEFORE.replace("3", "4")) == (1, 1)
