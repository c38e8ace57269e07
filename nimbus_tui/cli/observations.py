"""What `doctor` has seen: where, how it is, and how to mend it."""

from typing import NamedTuple

from nimbus_tui.exchanges.base import Verdict


class Observation(NamedTuple):
    """One line; the remedy is empty where all is well."""

    area: str
    verdict: Verdict
    text: str
    remedy: str = ""


def ok(area: str, text: str) -> Observation:
    """All is well."""
    return Observation(area, Verdict.OK, text)


def warning(area: str, text: str, remedy: str) -> Observation:
    """It works, but not as well as it could."""
    return Observation(area, Verdict.WARNING, text, remedy)


def problem(area: str, text: str, remedy: str) -> Observation:
    """It does not work."""
    return Observation(area, Verdict.PROBLEM, text, remedy)
