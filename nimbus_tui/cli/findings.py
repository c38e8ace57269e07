"""Findings as lines: what was looked at, how it is, and what to do about it."""

import sys
from collections.abc import Iterable, Sequence
from typing import Any

from nimbus_tui.cli.diagnostics import ExitCode
from nimbus_tui.cli.output import print_text
from nimbus_tui.core.redaction import redacted
from nimbus_tui.exchanges.base import Verdict

_SIGNS = {Verdict.OK: "✓", Verdict.WARNING: "▲", Verdict.PROBLEM: "✗"}
_PLAIN_SIGNS = {Verdict.OK: "ok", Verdict.WARNING: "warning", Verdict.PROBLEM: "PROBLEM"}


def print_findings(rows: Sequence[tuple[str, Verdict, str, str]]) -> None:
    """One line for each (area, verdict, text, remedy), and one for each remedy."""
    signs = _SIGNS if _shows_signs() else _PLAIN_SIGNS
    width = max((len(area) for area, *_ in rows), default=0)
    column = max(len(sign) for sign in signs.values())
    for area, verdict, text, remedy in rows:
        print_text(f"{signs[verdict]:<{column}} {area:<{width}}  {redacted(text)}")
        if remedy:
            print_text(f"{'':<{column}} {'':<{width}}  → {redacted(remedy)}")


def exit_code(verdicts: Iterable[Verdict]) -> ExitCode:
    """Done unless there is a problem."""
    return ExitCode.FAILED if Verdict.PROBLEM in verdicts else ExitCode.DONE


def document(rows: Iterable[tuple[str, Verdict, str, str]]) -> list[dict[str, Any]]:
    """The same for scripts."""
    keys = ("area", "verdict", "text", "remedy")
    return [
        dict(zip(keys, (area, verdict.value, redacted(text), redacted(remedy)), strict=True))
        for area, verdict, text, remedy in rows
    ]


def _shows_signs() -> bool:
    return "utf" in (sys.stdout.encoding or "").lower()
