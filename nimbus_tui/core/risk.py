"""The words of the risk ladder that other rooms speak too."""

from decimal import Decimal
from enum import IntEnum

import msgspec


class RiskStep(IntEnum):
    """The one escalation ladder, for each bot and for the engine; higher is stricter."""

    NORMAL = 0
    WARNING = 1
    THROTTLE = 2
    PAUSE = 3
    STOP = 4
    EMERGENCY = 5

    @property
    def label(self) -> str:
        """The step's name in lower case, as in JSON and on screens."""
        return self.name.lower()


class RiskReading(msgspec.Struct, frozen=True, kw_only=True):
    """One rule's measurement; `usage = measured ÷ limit`, None where the input is missing."""

    scope: str
    level: int
    rule: str
    measured: Decimal | None
    limit: Decimal | None
    usage: Decimal | None
    step: RiskStep
