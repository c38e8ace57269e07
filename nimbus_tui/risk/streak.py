"""A run of losing cycles: counts, trips once, and is forgotten after the cooldown."""

from decimal import Decimal

import msgspec

ZERO = Decimal(0)


class LosingStreak(msgspec.Struct, frozen=True):
    """Cycles in a row that closed at a loss net of fees."""

    count: int = 0
    tripped_ns: int | None = None
    """When the count reached the limit; later losses don't make the cooldown longer."""


def cycle_closed(
    streak: LosingStreak, result: Decimal, now_ns: int, limit: int | None
) -> LosingStreak:
    """The streak after a cycle with a net result in quote; one that lost nothing ends it.

    A streak that has tripped stands until its cooldown is over, whatever closes in between.
    """
    if streak.tripped_ns is not None:
        return streak
    if result >= ZERO:
        return LosingStreak()
    count = streak.count + 1
    return LosingStreak(count, now_ns if limit is not None and count >= limit else None)


def cooled(streak: LosingStreak, now_ns: int, cooldown_ns: int) -> LosingStreak:
    """The streak at a time: after the cooldown the count restarts at 0."""
    at = cooled_at(streak, cooldown_ns)
    return LosingStreak() if at is not None and now_ns >= at else streak


def cooled_at(streak: LosingStreak, cooldown_ns: int) -> int | None:
    """When the cooldown is over, ns; None while there is none."""
    return None if streak.tripped_ns is None else streak.tripped_ns + cooldown_ns


def settled(streak: LosingStreak, now_ns: int, limit: int | None, cooldown_ns: int) -> LosingStreak:
    """The streak at a time: one that a lower limit has reached trips, a cooled one is forgotten."""
    if limit is not None and streak.tripped_ns is None and streak.count >= limit:
        return LosingStreak(streak.count, now_ns)
    return cooled(streak, now_ns, cooldown_ns)
