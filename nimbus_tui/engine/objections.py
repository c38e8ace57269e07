"""The law's objections to a bot's orders, each told once and not on every tick."""

import re
from collections.abc import Container, Mapping

from nimbus_tui.core.ids import OrderKey
from nimbus_tui.risk.gate import CANCELLED, WAITS

_NUMBER = re.compile(r"-?[\d.]+")
"""The same rule with a price that has moved is the same objection."""
_UNTOLD = ("paused", "stopped", WAITS, CANCELLED)
"""How reasons begin that have been told elsewhere."""


class Objections:
    """One bot's."""

    def __init__(self) -> None:
        self._known: dict[OrderKey, str] = {}

    def fresh(
        self, held_back: Mapping[OrderKey, str], waiting: Container[OrderKey]
    ) -> dict[OrderKey, str]:
        """Those of the objections that are worth telling: new, and not just a wait."""
        before, self._known = self._known, {}
        news = {}
        for key, reason in held_back.items():
            rule = _NUMBER.sub("", reason)
            if before.get(key) != rule and not reason.startswith(_UNTOLD) and key not in waiting:
                news[key] = reason
            self._known[key] = rule
        return news
