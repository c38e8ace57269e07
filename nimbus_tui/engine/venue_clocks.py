"""How far the venues' clocks are from ours."""

from collections.abc import Iterable

import msgspec

from nimbus_tui.core.ids import ExchangeName
from nimbus_tui.exchanges.base import Exchange


class ClockOffset(msgspec.Struct, frozen=True):
    """The time of a venue less ours."""

    exchange: ExchangeName
    ms: float


def worst_offset(venues: Iterable[Exchange]) -> ClockOffset | None:
    """The offset that is furthest from 0, in either direction; None where no venue measures one."""
    told = ((venue.name, venue.connection_status().clock_offset_ms) for venue in venues)
    offsets = [ClockOffset(name, ms) for name, ms in told if ms is not None]
    return max(offsets, key=lambda offset: abs(offset.ms), default=None)
