"""Editing a key changes that key and not one character of anything else."""

import tomllib
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nimbus_tui.config.document import NotEditable, value_at, with_table, with_value, without
from nimbus_tui.config.positions import spans

SAMPLES = sorted((Path(__file__).parents[2] / "sample_configs").glob("*.toml"))
TEXT = """\
# head of the file

[engine]   # e
name = "home"  # the name

# about the exchange
[exchanges.sim]
type = "paper"
balances = { USDC = 10_000, ETH = 3 } # inline

# the grid
[bots.eth-grid]
strategy = "grid"
spacing = 0.5       # percent
risk = { stop_loss = 10, drawdown = 15 } # r
# end of the grid

# --- next

# a basket
[bots.b]
targets = [
  1, # one
  2,
]
risk.drawdown = 4
"""
RISK = ("bots", "eth-grid", "risk")


def keys_of(text: str) -> list[tuple[str, ...]]:
    """Every key that stands in a line or an inline table of its own."""
    return [
        tuple(str(name) for name in one.path)
        for one in spans(text)
        if one.value is not None and all(isinstance(name, str) for name in one.path)
    ]


def sampled() -> list[Any]:
    return [
        pytest.param(path.read_text(), key, id=f"{path.stem}:{'.'.join(key)}")
        for path in SAMPLES
        for key in keys_of(path.read_text())
    ]


def changed_lines(before: str, after: str) -> tuple[list[str], list[str]]:
    """The lines that only one of two texts has, the common head and tail left out."""
    old, new = before.splitlines(keepends=True), after.splitlines(keepends=True)
    while old and new and old[0] == new[0]:
        del old[0], new[0]
    while old and new and old[-1] == new[-1]:
        del old[-1], new[-1]
    return old, new


def comment(line: str) -> str:
    return line[line.rindex("#") :] if "#" in line else ""


VALUES = (
    st.booleans()
    | st.integers(-(10**15), 10**15)
    | st.decimals(allow_nan=False, allow_infinity=False, min_value=-(10**9), max_value=10**9)
    | st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
)


@pytest.mark.parametrize(("text", "key"), sampled())
def test_a_key_of_a_sample_is_set_in_its_own_place(text: str, key: tuple[str, ...]) -> None:
    edited = with_value(text, key, Decimal("12.50"))
    old, new = changed_lines(text, edited)
    assert value_at(edited, key) == Decimal("12.50")
    assert len(new) == 1
    if len(old) == 1:
        assert comment(old[0]) == comment(new[0])
    assert with_value(edited, key, value_at(text, key)).count("\n") <= text.count("\n")


@pytest.mark.parametrize(("text", "key"), sampled())
def test_a_key_of_a_sample_is_removed_alone(text: str, key: tuple[str, ...]) -> None:
    edited = without(text, key)
    old, new = changed_lines(text, edited)
    assert value_at(edited, key) is None
    assert len(new) <= 1
    assert len(old) >= 1
    others = {one for one in keys_of(text) if one[: len(key)] != key}
    assert others == set(keys_of(edited))


@pytest.mark.parametrize("path", SAMPLES, ids=lambda path: path.stem)
def test_a_new_key_is_one_more_line(path: Path) -> None:
    text = path.read_text()
    for table in dict.fromkeys(tuple(map(str, o.path)) for o in spans(text) if o.value is None):
        edited = with_value(text, (*table, "novel"), "here")
        assert value_at(edited, (*table, "novel")) == "here"
        assert changed_lines(text, edited) == ([], ['novel = "here"\n'])


@given(st.sampled_from(SAMPLES), st.data(), VALUES)
def test_whatever_is_written_is_read_again_and_goes_back_to_the_letter(
    path: Path, data: st.DataObject, value: Any
) -> None:
    text = path.read_text()
    key = data.draw(st.sampled_from(keys_of(text)))
    edited = with_value(text, key, value)
    assert value_at(edited, key) == value
    before = tomllib.loads(text, parse_float=Decimal)
    again = tomllib.loads(with_value(edited, key, value_at(text, key)), parse_float=Decimal)
    assert before == again
    assert [comment(line) for line in edited.splitlines() if line.startswith("#")] == [
        comment(line) for line in text.splitlines() if line.startswith("#")
    ]


@pytest.mark.parametrize(
    ("key", "value", "line", "becomes"),
    [
        (("bots", "eth-grid", "spacing"), Decimal("0.75"), "spacing = 0.5       # percent",
         "spacing = 0.75      # percent"),
        (("engine", "name"), 'a "b"', 'name = "home"  #', 'name = "a \\"b\\""  #'),
        ((*RISK, "drawdown"), 20, "drawdown = 15 } # r", "drawdown = 20 } # r"),
        ((*RISK, "daily_loss"), 3, "drawdown = 15 } # r", "drawdown = 15, daily_loss = 3 } # r"),
        (("bots", "eth-grid", "levels"), 5, "# r\n", "# r\nlevels = 5\n"),
        (("bots", "b", "risk", "stop_loss"), 5, "risk.drawdown = 4\n",
         "risk.drawdown = 4\nrisk.stop_loss = 5\n"),
        (("exchanges", "sim", "risk", "leverage"), 3, "# inline\n",
         "# inline\nrisk = { leverage = 3 }\n"),
        (("bots", "b", "targets"), [3], "[\n  1, # one\n  2,\n]", "[3]"),
    ],
)  # fmt: skip
def test_a_value_is_written_where_a_person_would_write_it(
    key: tuple[str, ...], value: Any, line: str, becomes: str
) -> None:
    assert with_value(TEXT, key, value) == TEXT.replace(line, becomes, 1)


def test_the_value_that_is_there_already_changes_nothing() -> None:
    assert with_value(TEXT, ("exchanges", "sim", "balances", "USDC"), Decimal(10_000)) == TEXT


@pytest.mark.parametrize(
    ("key", "line", "becomes"),
    [
        ((*RISK, "stop_loss"), "{ stop_loss = 10, drawdown", "{ drawdown"),
        ((*RISK, "drawdown"), "10, drawdown = 15 }", "10 }"),
        (RISK, "risk = { stop_loss = 10, drawdown = 15 } # r\n", ""),
        (("bots", "b", "risk"), "risk.drawdown = 4\n", ""),
        (("bots", "b", "targets"), "targets = [\n  1, # one\n  2,\n]\n", ""),
    ],
)
def test_a_key_goes_with_its_line(key: tuple[str, ...], line: str, becomes: str) -> None:
    assert without(TEXT, key) == TEXT.replace(line, becomes, 1)


def test_a_table_goes_with_what_is_said_of_it_and_nothing_else() -> None:
    start, end = TEXT.index("# the grid"), TEXT.index("# --- next")
    assert without(TEXT, ("bots", "eth-grid")) == TEXT[:start] + TEXT[end:]
    assert without(TEXT, ("bots", "b")) == TEXT[: TEXT.index("# a basket")]


def test_the_head_of_the_file_stays_when_its_first_table_goes() -> None:
    text = "# what this file is\n[a]\nx = 1\n[b]\ny = 2\n"
    assert without(text, ("a",)) == "# what this file is\n[b]\ny = 2\n"


def test_a_new_table_stands_behind_its_last_sister() -> None:
    edited = with_table(TEXT, ("bots", "ETH/x"), {"strategy": "grid", "spacing": Decimal("0.10")})
    assert edited == TEXT + '\n[bots."ETH/x"]\nstrategy = "grid"\nspacing = 0.10\n'
    other = with_table(TEXT, ("exchanges", "two"), {"type": "paper"})
    at = TEXT.index("\n# the grid")
    assert other == TEXT[:at] + '\n[exchanges.two]\ntype = "paper"\n' + TEXT[at:]
    assert with_table("", ("bots", "a"), {"x": 1}) == "[bots.a]\nx = 1\n"


def test_a_key_of_a_table_that_is_not_there_makes_the_table() -> None:
    edited = with_value(TEXT, ("ui", "theme"), "nimbus-light")
    assert edited == TEXT + '\n[ui]\ntheme = "nimbus-light"\n'


def test_lines_end_as_they_ended() -> None:
    text = TEXT.replace("\n", "\r\n")
    for edited in (
        with_value(text, ("bots", "eth-grid", "levels"), 5),
        with_value(text, ("ui", "fps"), 5),
        with_table(text, ("bots", "c"), {"x": 1}),
        without(text, ("bots", "eth-grid")),
        with_value(text, ("bots", "eth-grid", "spacing"), 5),
    ):
        assert edited.replace("\r\n", "").count("\n") == 0
        assert "\r\r" not in edited


def test_a_text_without_a_last_newline_is_edited_too() -> None:
    assert with_value("[a]\nx = 1", ("a", "y"), 2) == "[a]\nx = 1\ny = 2"
    assert with_value("[a]", ("a", "y"), 2) == "[a]\ny = 2"
    assert with_table("[a]\nx = 1", ("b",), {"y": 2}) == "[a]\nx = 1\n\n[b]\ny = 2\n"
    assert without("[a]\nx = 1", ("a", "x")) == "[a]\n"


@pytest.mark.parametrize("text", ["[", "a = ", "x = 1\nx = 2\n"])
def test_what_is_no_toml_is_mended_by_hand_first(text: str) -> None:
    with pytest.raises(NotEditable, match="mend the text first"):
        with_value(text, ("a",), 1)


def test_what_can_not_be_done_alone_is_refused() -> None:
    with pytest.raises(NotEditable, match=r"there is bots\.b already"):
        with_table(TEXT, ("bots", "b"), {})
    with pytest.raises(NotEditable, match="name is no table"):
        with_value(TEXT, ("engine", "name", "x"), 1)
    with pytest.raises(NotEditable, match="only you can edit"):
        with_value("[[a]]\nx = 1\n", ("a",), 2)
