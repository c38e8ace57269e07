"""A config as pages of fields: values as typed, values as written, problems where they belong."""

from decimal import Decimal

import pytest

from nimbus_tui.control.config_form import FieldKind
from nimbus_tui.core.problems import ConfigProblem
from nimbus_tui.tui.viewmodels.config_form import (
    FieldRow,
    WrongValue,
    as_typed,
    field_rows,
    next_choice,
    page_problems,
    pages,
    parsed,
    typed_value,
)
from tests.tui.scripted_config import FORM, MODES, TEXT, field

DATA = parsed(TEXT).data


@pytest.mark.parametrize(
    ("kind", "typed", "value"),
    [
        (FieldKind.NUMBER, "0.15", Decimal("0.15")),
        (FieldKind.NUMBER, " 10_000 ", 10000),
        (FieldKind.NUMBER, "10,000.5", Decimal("10000.5")),
        (FieldKind.NUMBER, "-3", -3),
        (FieldKind.NUMBER, "${SIZE}", "${SIZE}"),
        (FieldKind.WHOLE, "5", 5),
        (FieldKind.SWITCH, "true", True),
        (FieldKind.TEXT, "24h", "24h"),
        (FieldKind.CHOICE, "geometric", "geometric"),
        (FieldKind.LIST, "[1, 2]", [1, 2]),
        (FieldKind.TABLE, "{ BTC = 40 }", {"BTC": 40}),
        (FieldKind.LIST, "prices.csv", "prices.csv"),
        (FieldKind.TEXT, "   ", None),
    ],
)
def test_what_is_typed_becomes_a_value_of_its_kind(
    kind: FieldKind, typed: str, value: object
) -> None:
    assert typed_value(field("key", kind), typed) == value


@pytest.mark.parametrize(
    ("kind", "typed", "told"),
    [
        (FieldKind.NUMBER, "x", "write a number"),
        (FieldKind.NUMBER, "nan", "write a number"),
        (FieldKind.NUMBER, "1e999999999", "write a number"),
        (FieldKind.WHOLE, "5.5", "a whole number"),
        (FieldKind.SWITCH, "yes", "true or false"),
        (FieldKind.LIST, "[1,", "as in the file"),
        (FieldKind.TABLE, "{ a = ", "as in the file"),
        (FieldKind.TABLE, "{ }\nb = 1", "as in the file"),
    ],
)
def test_what_is_no_value_is_told_in_words(kind: FieldKind, typed: str, told: str) -> None:
    with pytest.raises(WrongValue, match=told):
        typed_value(field("key", kind), typed)


@pytest.mark.parametrize("value", [True, 5, Decimal("0.15"), "24h", [1, "a"], {"A": Decimal(2)}])
def test_a_value_shown_and_typed_again_is_the_same(value: object) -> None:
    kinds = {bool: FieldKind.SWITCH, str: FieldKind.TEXT, int: FieldKind.WHOLE}
    kind = kinds.get(type(value), FieldKind.NUMBER)
    kind = FieldKind.TABLE if isinstance(value, list | dict) else kind
    assert typed_value(field("key", kind), as_typed(value)) == value


def test_every_table_is_a_page_and_the_bots_come_first() -> None:
    assert [page.name for page in pages(DATA, FORM)] == [
        "eth-grid", "btc-perp", "sim", "risk", "engine", "ui",
    ]  # fmt: skip


def test_a_table_of_no_known_kind_says_what_there_is() -> None:
    data = parsed('[bots.a]\nstrategy = "gird"\n[bots.b]\nlevels = 1\n').data
    first, second, *_ = pages(data, FORM)
    assert first.trouble == "this table has an unknown strategy: gird; there are grid"
    assert second.trouble == "this table has no strategy; there are grid"


def test_fields_have_what_the_text_gives_them_and_what_is_wrong_there() -> None:
    page = pages(DATA, FORM)[0]
    problem = ConfigProblem("f", 14, 1, "bots.eth-grid.levels", "must be at least 1")
    rows = {row.field.key: row for row in field_rows(page, DATA, [problem])}
    assert rows["levels"].problem == "must be at least 1"
    assert rows["spacing"].given == "0.15"
    assert rows["capital"].given is None
    assert rows["stop_loss"].given == "10"
    assert page_problems(page, [problem]) == [problem]
    assert page_problems(pages(DATA, FORM)[1], [problem]) == []


def test_choices_turn_from_what_counts_now() -> None:
    mode = field("mode", FieldKind.CHOICE, choices=MODES, default='"arithmetic"')
    assert next_choice(FieldRow(("mode",), mode, None)) == "geometric"
    assert next_choice(FieldRow(("mode",), mode, "geometric")) == "arithmetic"
    assert next_choice(FieldRow(("mode",), mode, "nonsense")) == "arithmetic"
    switch = field("live", FieldKind.SWITCH, default="false")
    assert next_choice(FieldRow(("live",), switch, None)) == "true"
    assert next_choice(FieldRow(("capital",), field("capital"), "5")) is None


def test_a_text_that_is_no_toml_has_no_data_but_a_reason() -> None:
    assert parsed("[a").trouble
    assert parsed("a = " + "[" * 5000).trouble
    assert parsed(TEXT).trouble == ""


def test_a_number_without_end_is_never_written_out() -> None:
    data = parsed("[risk]\ndrawdown = 1e999999999\n").data
    assert as_typed(data["risk"]["drawdown"]) == "1E+999999999"
