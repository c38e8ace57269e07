"""Every key that the standard parser sees has the place where it stands."""

import string
import tomllib
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nimbus_tui.config.positions import (
    Path,
    dotted,
    given_twice,
    nearest,
    positions,
    statements,
)

TEXT = '''\
# a comment with key = 1 and [table]
title = "a # b [c] = d"   # another
"quoted key" = 1
a.b . "c.d" = 2

[exchanges.sim]
type = "paper"
balances = { USDC = 10_000, "E T H" = 5 } # {
[exchanges.sim.instruments."ETH/USDC"]
tick_size = 0.01
[ bots . 'eth grid' ]
note = """
[not.a.table]
fake = "x" \\""" still
"""""
raw = \'\'\'
[nor.this]
\'\'\'
after = 1
sizes = [
  1, # one ]
  { deep = [ { deeper = 2 } ] },
  "a, b ]", [3, 4],
]
when = 1979-05-27 07:32:00
last = { x.y = { z = "}" }, w = [] }
[[webhooks]]
url = "one"
[webhooks.headers]
k = 1
[[webhooks]]
url = "two"
[[webhooks.retry]]
n = 1
[[webhooks.retry]]
n = 2
'''


def key_paths(value: Any, path: Path = ()) -> set[Path]:
    """Every path to a key that a parsed document has."""
    found: set[Path] = set()
    if isinstance(value, dict):
        for key, item in value.items():
            found |= {(*path, key)} | key_paths(item, (*path, key))
    if isinstance(value, list):
        for index, item in enumerate(value):
            found |= key_paths(item, (*path, index))
    return found


def keys_only(found: dict[Path, Any]) -> set[Path]:
    return {path for path in found if isinstance(path[-1], str)}


def test_the_places_are_those_of_all_keys_that_the_parser_sees() -> None:
    assert key_paths(tomllib.loads(TEXT)) == keys_only(positions(TEXT))


@pytest.mark.parametrize(
    ("path", "words"),
    [
        (("title",), 'title = "a'),
        (("quoted key",), '"quoted key" = 1'),
        (("a", "b", "c.d"), "a.b ."),
        (("exchanges",), "exchanges.sim]"),
        (("exchanges", "sim", "balances", "USDC"), "USDC = 10"),
        (("exchanges", "sim", "balances", "E T H"), '"E T H"'),
        (("exchanges", "sim", "instruments", "ETH/USDC", "tick_size"), "tick_size = 0.01"),
        (("bots", "eth grid"), "bots . 'eth"),
        (("bots", "eth grid", "after"), "after = 1"),
        (("bots", "eth grid", "sizes", 1, "deep", 0, "deeper"), "deeper = 2"),
        (("bots", "eth grid", "last", "x", "y", "z"), 'z = "}"'),
        (("webhooks", 1, "url"), 'url = "two"'),
        (("webhooks", 1, "retry", 1, "n"), "n = 2"),
    ],
)
def test_a_key_stands_where_it_is_written(path: Path, words: str) -> None:
    line, column = positions(TEXT)[path]
    assert TEXT.splitlines()[line - 1][column - 1 :].startswith(words)


def test_a_key_that_is_not_there_has_the_place_of_what_is_around_it() -> None:
    found = positions("[bots.eth]\nlevels = 3\n")
    assert nearest(found, ("bots", "eth", "spacing")) == (1, 2)
    assert nearest(found, ("bots", "eth", "levels", 0)) == (2, 1)
    assert nearest(found, ("engine", "name")) == (1, 1)


@pytest.mark.parametrize(
    ("text", "path", "lines"),
    [
        ("[bots.a]\nx = 1\n[bots.a]\n", ("bots", "a"), (1, 3)),
        ("[a]\nb = 1\nc = 2\nb = 3\n", ("a", "b"), (2, 4)),
        ("[a]\nb = { c = 1,\n c = 2 }\n", ("a", "b", "c"), (2, 3)),
        ("[bots]\na = {}\n[bots.a]\n", ("bots", "a"), (2, 3)),
    ],
)
def test_what_is_given_twice_is_named_with_both_places(
    text: str, path: Path, lines: tuple[int, int]
) -> None:
    twice = given_twice(text)
    assert twice is not None
    assert (twice[0], (twice[1][0], twice[2][0])) == (path, lines)


def test_nothing_is_given_twice_in_a_text_that_the_parser_takes() -> None:
    assert given_twice(TEXT) is None


def test_a_path_is_shown_as_one_writes_it() -> None:
    path = ("exchanges", "sim", "instruments", "ETH/USDC", "fees", 2)
    assert dotted(path) == 'exchanges.sim.instruments."ETH/USDC".fees[2]'


@pytest.mark.parametrize(
    "text",
    [
        "[",
        "[[a",
        "a",
        "a =",
        'a = "',
        'a = """x',
        "a = [1, {b",
        "= 3",
        "a = [}]",
        "a = {]}",
        "]\n}",
    ],
)
def test_a_broken_text_is_nobodys_end(text: str) -> None:
    assert all(line >= 1 and column >= 1 for _, (line, column) in statements(text))


def test_what_stands_before_a_break_keeps_its_place() -> None:
    assert positions("[a]\nb = 1\nc = = 2\n")[("a", "b")] == (2, 1)


def test_nesting_without_end_ends() -> None:
    assert ("x",) in positions("x = " + "[" * 50_000)


def test_windows_line_ends_count_once() -> None:
    assert positions("a = 1\r\n\r\n[t]\r\nb = 2\r\n")[("t", "b")] == (4, 1)


NAMES = st.one_of(
    st.text(string.ascii_letters + string.digits + "_-", min_size=1, max_size=4),
    st.text(st.characters(codec="utf-8", exclude_categories=("Cc", "Cs")), max_size=4),
)
LEAVES = st.one_of(st.integers(0, 9), st.booleans(), st.text('ab"\\#[]{}=,\n', max_size=6))
VALUES = st.recursive(
    LEAVES, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(NAMES, inner, max_size=3)
)
DOCUMENTS = st.dictionaries(NAMES, VALUES, max_size=4)


def quoted(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
    return f'"{escaped}"'


def name_of(key: str) -> str:
    bare = key and set(key) <= set(string.ascii_letters + string.digits + "_-")
    return key if bare else quoted(key)


def written(value: Any) -> str:
    """A value on one line."""
    match value:
        case bool():
            return str(value).lower()
        case int():
            return str(value)
        case str():
            return quoted(value)
        case list():
            return "[" + ", ".join(written(item) for item in value) + "]"
        case _:
            pairs = (f"{name_of(key)} = {written(item)}" for key, item in value.items())
            return "{ " + ", ".join(pairs) + " }"


def document(tables: dict[str, Any], path: tuple[str, ...] = ()) -> str:
    """Tables as headers, lists of tables as arrays of tables, the rest as pairs."""
    lines, later = [], []
    for key, value in tables.items():
        here = (*path, key)
        header = ".".join(name_of(part) for part in here)
        if isinstance(value, dict):
            later.append(f"[{header}] # table\n{document(value, here)}")
        elif value and isinstance(value, list) and all(isinstance(item, dict) for item in value):
            later += [f"[[ {header} ]]\n{document(item, here)}" for item in value]
        else:
            lines.append(f"{name_of(key)} = {written(value)} # = x\n")
    return "".join(lines) + "".join(later)


@given(DOCUMENTS)
def test_any_document_gives_the_parsers_own_key_paths(tables: dict[str, Any]) -> None:
    text = document(tables)
    assert tables == tomllib.loads(text)
    found = positions(text)
    assert key_paths(tables) == keys_only(found)
    lines = text.split("\n")
    for path in key_paths(tables):
        line, column = found[path]
        assert name_of(str(path[-1])) in lines[line - 1][column - 1 :]
    assert given_twice(text) is None


@given(st.text(max_size=60))
def test_no_text_at_all_upsets_the_scanner(text: str) -> None:
    positions(text)
    given_twice(text)
