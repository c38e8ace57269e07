"""Reads `[exchanges.NAME]` tables: which keys one takes depends on its `type`."""

from collections.abc import Mapping
from typing import Any

from nimbus_tui.config import checks, venue_checks
from nimbus_tui.config.convert import read
from nimbus_tui.config.exchange_sections import (
    SECTIONS,
    ExchangeSection,
    MarketKind,
    MarketSource,
    PaperSection,
    VenueSection,
)
from nimbus_tui.config.problems import Findings, did_you_mean
from nimbus_tui.core.ids import ExchangeName

_PAPER_WORDS = [word.value for word in MarketSource]
_VENUE_WORDS = [word.value for word in MarketKind]


def exchanges(tables: Mapping[str, Any], findings: Findings) -> dict[ExchangeName, ExchangeSection]:
    """The exchanges that can be used, by their names; what is wrong goes to the findings."""
    read_ones = ((name, _exchange(name, table, findings)) for name, table in tables.items())
    return {ExchangeName(name): section for name, section in read_ones if section is not None}


def _exchange(name: str, table: Any, findings: Findings) -> ExchangeSection | None:
    path = ("exchanges", name)
    kind = table.get("type") if isinstance(table, dict) else None
    if not isinstance(kind, str):
        # Read for the sake of what it says: the key is missing, or no text.
        read(ExchangeSection, table if kind is None else {"type": kind}, path, findings)
        return None
    if kind not in SECTIONS:
        hint = did_you_mean(kind, SECTIONS) or ";"
        allowed = ", ".join(SECTIONS)
        findings.say((*path, "type"), f"unknown exchange type {kind!r}{hint} allowed: {allowed}")
        return None
    _tell_keys_of_other_types(name, kind, table, findings)
    if isinstance(table.get("files"), list | str):
        table = {**table, "files": {checks.ONLY_SYMBOL: table["files"]}}
    section = read(SECTIONS[kind], table, path, findings)
    if isinstance(section, PaperSection):
        checks.check_paper(ExchangeName(name), section, findings)
    elif isinstance(section, VenueSection):
        venue_checks.check_venue(ExchangeName(name), section, findings)
    return section


def _tell_keys_of_other_types(
    name: str, kind: str, table: Mapping[str, Any], findings: Findings
) -> None:
    """A key, or a word of `market`, that would be right in a table of another type."""
    own = set(SECTIONS[kind].__struct_fields__)
    for key in table:
        types = [other for other, fields in SECTIONS.items() if key in fields.__struct_fields__]
        if key not in own and types:
            whose = " or ".join(f'type = "{other}"' for other in types)
            findings.say(("exchanges", name, key), f"{key} is a key of {whose}, not of {kind}")
    is_paper = issubclass(SECTIONS[kind], PaperSection)
    own_words, others = (_PAPER_WORDS, _VENUE_WORDS) if is_paper else (_VENUE_WORDS, _PAPER_WORDS)
    if table.get("market") in others:
        where = "a real venue" if is_paper else 'type = "paper"'
        findings.say(
            ("exchanges", name, "market"),
            f'"{table["market"]}" is a market of {where}; {kind} takes {", ".join(own_words)}',
        )
