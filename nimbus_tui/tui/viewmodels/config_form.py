"""The config as pages of fields: what each key is set to in the text, and what is wrong with it."""

import tomllib
from collections.abc import Mapping, Sequence
from decimal import Decimal, InvalidOperation
from typing import Any, NamedTuple

from nimbus_tui.config.literals import Value, literal
from nimbus_tui.control.config_form import ConfigForm, FieldKind, FormField, FormSection
from nimbus_tui.core.problems import ConfigProblem

Path = tuple[str, ...]
"""Names of tables and a key, from the outside in."""

_VARIABLE = "${"
_WIDEST_EXPONENT = 30


class Page(NamedTuple):
    """One table of the text, as a page of the form."""

    path: Path
    name: str
    section: FormSection
    trouble: str = ""
    """Why it can't be shown as a form."""
    note: str = ""
    """What one should know before filling it in."""


class FieldRow(NamedTuple):
    """One key, as it stands in the text."""

    path: Path
    field: FormField
    given: str | None
    """What the text gives it, as one types it; None where it is left out."""
    problem: str = ""


class Parsed(NamedTuple):
    """A text read as TOML: its tables, or why it isn't TOML."""

    data: Mapping[str, Any]
    trouble: str = ""


class WrongValue(Exception):
    """What was typed is no value of its field; says what the field takes."""


def parsed(text: str) -> Parsed:
    """Read a text; one that isn't TOML has no data."""
    try:
        return Parsed(tomllib.loads(text, parse_float=Decimal))
    except (ValueError, RecursionError) as error:
        return Parsed({}, str(error))


def pages(data: Mapping[str, Any], form: ConfigForm) -> list[Page]:
    """A page for each table of a text, those of the bots first: they are edited most."""
    found = [
        *_named(data, "bots", "strategy", form.bots),
        *_named(data, "exchanges", "type", form.exchanges),
    ]
    whole = (("risk", form.risk), ("engine", form.engine), ("ui", form.ui))
    return [*found, *(Page((name,), name, section) for name, section in whole)]


def _named(
    data: Mapping[str, Any], kind: str, by: str, sections: Mapping[str, FormSection]
) -> list[Page]:
    tables = data.get(kind)
    found: list[Page] = []
    for name, table in (tables if isinstance(tables, dict) else {}).items():
        chosen = table.get(by) if isinstance(table, dict) else None
        section = sections.get(chosen) if isinstance(chosen, str) else None
        trouble = ""
        if section is None:
            known = ", ".join(sections)
            what = "has no" if chosen is None else f"has an unknown {by}:"
            told = f"this table {what} {by if chosen is None else chosen}"
            section, trouble = FormSection(title=name), f"{told}; there are {known}"
        found.append(Page((kind, name), name, section, trouble))
    return found


def field_rows(
    page: Page, data: Mapping[str, Any], problems: Sequence[ConfigProblem]
) -> list[FieldRow]:
    """The fields of a page with what the text gives them and what is wrong there."""
    told: dict[str, str] = {}
    for problem in problems:
        told.setdefault(problem.key.replace('"', ""), problem.message)
    rows = []
    for field in page.section.fields:
        path = (*page.path, *field.path)
        value = value_at(data, path)
        given = None if value is None else as_typed(value)
        rows.append(FieldRow(path, field, given, told.get(".".join(path), "")))
    return rows


def page_problems(page: Page, problems: Sequence[ConfigProblem]) -> list[ConfigProblem]:
    """What is wrong inside one table."""
    own = ".".join(page.path)
    keys = ((problem, problem.key.replace('"', "")) for problem in problems)
    return [problem for problem, key in keys if key == own or key.startswith(f"{own}.")]


def value_at(data: Mapping[str, Any], path: Sequence[str]) -> Any:
    """The value of a key; None where there is none."""
    found: Any = data
    for name in path:
        found = found.get(name) if isinstance(found, Mapping) else None
    return found


def as_typed(value: Any) -> str:
    """A value as one types it into its field: a text without quotes, the rest as in TOML."""
    if isinstance(value, str):
        return value
    if isinstance(value, Decimal) and (not value.is_finite() or _is_absurd(value)):
        return str(value)
    try:
        return literal(value)
    except ValueError:  # a number inside that has no plain form; the check tells of it
        return "…"


def _is_absurd(value: Decimal) -> bool:
    """Whether a number would fill the screen, or the memory, when it is written out."""
    return abs(value.adjusted()) > _WIDEST_EXPONENT


def typed_value(field: FormField, typed: str) -> Value | None:
    """What was typed as a value for the text; None leaves the key out.

    Raises:
        WrongValue: it is no value of this kind.
    """
    text = typed.strip()
    if not text:
        return None
    if text.startswith(_VARIABLE):
        return text
    match field.kind:
        case FieldKind.NUMBER:
            return _number(text)
        case FieldKind.WHOLE:
            return _whole(text)
        case FieldKind.SWITCH:
            if text not in ("true", "false"):
                raise WrongValue("write true or false")
            return text == "true"
        case FieldKind.LIST | FieldKind.TABLE | FieldKind.MOMENT:
            return _toml(text, field)
    return text


def _number(text: str) -> Decimal | int:
    plain = text.replace("_", "").replace(",", "")
    try:
        value = Decimal(plain)
    except InvalidOperation:
        raise WrongValue("write a number, like 0.5") from None
    if not value.is_finite() or _is_absurd(value):
        raise WrongValue("write a number, like 0.5")
    return int(value) if plain.lstrip("+-").isdigit() else value


def _whole(text: str) -> int:
    plain = text.replace("_", "").replace(",", "")
    if not plain.lstrip("+-").isdecimal():
        raise WrongValue("write a whole number, like 5")
    return int(plain)


def _toml(text: str, field: FormField) -> Value:
    """A list or a table as TOML; a kind that also takes plain text takes it without quotes."""
    try:
        found = tomllib.loads(f"value = {text}", parse_float=Decimal)
    except (ValueError, RecursionError):
        found = {}
    if list(found) == ["value"]:
        value: Value = found["value"]
        return value
    if text[0] not in "[{\"'":
        return text
    raise WrongValue(f"write it as in the file: {field.takes}")


def next_choice(row: FieldRow, by: int = 1) -> str | None:
    """What a key with choices is set to next; None where it has none to turn through."""
    choices = row.field.choices
    if row.field.kind is FieldKind.SWITCH:
        choices = ("false", "true")
    if not choices:
        return None
    now = row.given if row.given is not None else (row.field.default or "").strip('"')
    at = choices.index(now) if now in choices else -1 if by > 0 else 0
    return choices[(at + by) % len(choices)]
