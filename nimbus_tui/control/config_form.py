"""The config file as a form: its tables, and for each key what it means and takes."""

from enum import Enum

import msgspec


class FieldKind(Enum):
    """How a key's value is entered."""

    TEXT = "text"
    NUMBER = "number"
    WHOLE = "whole number"
    SWITCH = "switch"
    CHOICE = "choice"
    MOMENT = "date and time"
    LIST = "list"
    TABLE = "table"
    """A table with keys of the user's own, or one of several kinds of value: entered as TOML."""


class FormField(msgspec.Struct, frozen=True, kw_only=True):
    """One key of a table."""

    key: str
    path: tuple[str, ...]
    """The key below its table; two names for one in an inner table, like `risk.drawdown`."""
    label: str
    """The key as words."""
    kind: FieldKind
    takes: str
    """What it takes, in words: `a number`, `one of "keep", "close"`."""
    unit: str = ""
    """`%`, `s`, `USDC` …; empty where it has none, or the help says it."""
    help: str = ""
    default: str | None = None
    """As one writes it in TOML; None where there is none: required, or off while not given."""
    required: bool = False
    choices: tuple[str, ...] = ()
    limits: str = ""
    """In words: `greater than 0, at most 1000`; empty where there are none."""


class FormSection(msgspec.Struct, frozen=True, kw_only=True):
    """One table, its inner tables of fixed keys included."""

    title: str
    help: str = ""
    fields: tuple[FormField, ...] = ()


class ConfigForm(msgspec.Struct, frozen=True, kw_only=True):
    """Every table that a config can have."""

    engine: FormSection
    ui: FormSection
    risk: FormSection
    """`[risk]`: over everything, and for each bot that doesn't set its own."""
    exchanges: dict[str, FormSection]
    """By `type`: `[exchanges.NAME]`."""
    bots: dict[str, FormSection]
    """By `strategy`: `[bots.NAME]`, the strategy's own keys first, `risk` last."""
