"""What scripts and people read on stdout."""

import json
from decimal import Decimal

import pytest

from nimbus_tui.cli.output import print_json, print_lines, print_table


def test_json_has_plain_decimals(capsys: pytest.CaptureFixture[str]) -> None:
    print_json({"quantity": Decimal("1E-8"), "ts": 5, "price": None})
    out, err = capsys.readouterr()
    assert json.loads(out) == {"quantity": "0.00000001", "ts": 5, "price": None}
    assert (out.count("\n"), err) == (1, "")


def test_json_lines_are_one_document_each(capsys: pytest.CaptureFixture[str]) -> None:
    print_lines([{"seq": 1}, {"seq": 2}])
    assert [json.loads(line) for line in capsys.readouterr().out.splitlines()] == [
        {"seq": 1},
        {"seq": 2},
    ]


def test_a_table_shows_texts_as_they_are(capsys: pytest.CaptureFixture[str]) -> None:
    print_table(["bot", "reason"], [["eth", "[red]held back[/red]"], ["btc", ":boom:"]])
    header, *rows = (line.split() for line in capsys.readouterr().out.splitlines())
    assert header == ["bot", "reason"]
    assert rows == [["eth", "[red]held", "back[/red]"], ["btc", ":boom:"]]
