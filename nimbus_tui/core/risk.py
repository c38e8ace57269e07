"""The words of the risk ladder that other rooms speak too."""

from decimal import Decimal
from enum import Enum, IntEnum

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


class RiskInput(Enum):
    """How good the measurement behind a reading is."""

    GOOD = "good"
    OFF = "off"
    """The rule has no limit."""
    MISSING = "missing"
    """What it measures should be known and isn't: it counts as a pause."""
    STALE = "stale"
    """It is known, but from too long ago: it counts as a pause."""
    MIXED = "mixed"
    """Its parts come from different windows or venues: it counts as a pause."""
    FAILED = "failed"
    """The rule itself raised: it counts as a pause."""


class RiskReading(msgspec.Struct, frozen=True, kw_only=True):
    """One rule's measurement; `usage = measured ÷ limit`, None where the input is missing.

    `measured` and `limit` are in the unit that the rule's table names: percent, quote, seconds,
    orders a minute, times the equity or a count; `usage` is a ratio, 1 at the limit.
    """

    scope: str
    """A bot id, `account NAME` or `engine`."""
    level: int
    """1 position, 2 strategy, 3 portfolio, 4 system."""
    rule: str
    measured: Decimal | None
    limit: Decimal | None
    usage: Decimal | None
    step: RiskStep
    unit: str = ""
    """Of measured and limit, e.g. `percent`."""
    refuses: str = ""
    """Which adding orders it refuses now: the symbol, asset or cluster's assets; else empty."""
    closes: bool = False
    """Whether the position is to be closed at this step."""
    input: RiskInput = RiskInput.GOOD
    source: str = ""
    """Where the measurement comes from, e.g. `fills and marks of paper`."""
    window: str = ""
    """Over which time it looks, e.g. `since 00:00 UTC` or `24 h`."""
    age_ms: int | None = None
    """Age of the oldest input."""
    detail: str = ""
    """What a person should know of it, e.g. what is missing or which part is the worst."""
