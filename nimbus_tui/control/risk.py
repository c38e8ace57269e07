"""What a client sees of the risk layer: the readings, where each scope stands, and why."""

from decimal import Decimal

import msgspec

from nimbus_tui.core.risk import RiskReading, RiskStep

KEPT = "risk-snapshot"
"""The journal's name for the newest snapshot that was kept, for when no engine runs."""


class ScopeStanding(msgspec.Struct, frozen=True, kw_only=True):
    """Where one scope stands on the ladder, and by which rule; times in ns."""

    scope: str
    """A bot id, `account NAME` or `engine`."""
    step: RiskStep
    """The strictest step that its rules and those above it ask for."""
    rule: str = ""
    """The rule that asks for the strictest step; empty at normal."""
    since: int | None = None
    """When it took that step."""
    until: int | None = None
    """When it can come one step down at the earliest; None where only the operator can."""
    measured: Decimal | None = None
    limit: Decimal | None = None
    reason: str = ""
    """Why, in words."""
    operator_paused: bool = False
    """Whether the operator's own pause holds too; both must be clear."""


class RiskSnapshot(msgspec.Struct, frozen=True, kw_only=True):
    """The whole risk layer at one moment."""

    readings: tuple[RiskReading, ...]
    """All rules of the engine, of each account and of each bot; also those that are off."""
    standings: tuple[ScopeStanding, ...]
    latched: bool
    """Whether an emergency holds, also over restarts, until it is re-armed."""
    emergency: str = ""
    """What an emergency shutdown still has to do or has done; empty outside one."""
    left: tuple[str, ...] = ()
    """What the venues say is still there of ours during an emergency."""
    verified: bool = False
    """Whether the venues have said that nothing of ours is left."""
    now_ns: int = 0
    """Engine clock at the moment of the snapshot."""
