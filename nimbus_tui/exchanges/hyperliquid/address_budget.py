"""How many actions an address has left: it earns one with each USDC traded, and uses them up.

Source: the protocol reference, "Limits: per address". A batch of n counts n, a failed cancel counts
too, an action refused as a whole counts nothing. Beyond the cap one action per 10 s still passes,
and cancels have a higher cap.
"""

from nimbus_tui.core.clock import NS_PER_SECOND, Clock
from nimbus_tui.exchanges.hyperliquid.wire_info import UserRateLimit

KEPT_FOR_EXITS = 100
"""The last actions before the cap, which only urgent ones use without waiting."""
TRICKLE_NS = 10 * NS_PER_SECOND + NS_PER_SECOND // 2
"""Between two actions beyond the cap; the half second is for their ways to the venue."""
_CANCELS_BEYOND = 100_000


class AddressBudget:
    """Counts an address's actions between two readings of the venue's own count.

    Before the first reading all is allowed. Each account, also a sub-account, has its own.
    """

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._used = 0
        self._cap: int | None = None
        self._counted_at = 0
        self._last_ns: int | None = None
        self.sent = 0
        """All actions counted here, ever; note it before asking for `userRateLimit`."""

    @property
    def used(self) -> int:
        """Actions used, as far as is known."""
        return self._used + self.sent - self._counted_at

    @property
    def share_used(self) -> float:
        """The share of the cap that is used, 0 to 1; 0 before the first reading."""
        if self._cap is None:
            return 0.0
        return min(1.0, self.used / self._cap) if self._cap > 0 else 1.0

    def learn(self, limit: UserRateLimit, *, sent_before: int) -> None:
        """Take over the venue's count; `sent_before` is `sent` as it was before asking.

        Actions sent meanwhile may be in that count already; they are counted once more, until the
        next reading.
        """
        self._used = limit.nRequestsUsed
        self._cap = limit.nRequestsCap
        self._counted_at = sent_before

    def count(self, actions: int) -> None:
        """So many orders, changes or cancels leave now."""
        self.sent += actions
        self._last_ns = self._clock.now()

    def give_back(self, actions: int) -> None:
        """The venue refused the action as a whole, or it never left: it counts nothing."""
        self.sent -= actions

    def allows(self, actions: int, *, urgent: bool = False, cancel: bool = False) -> bool:
        """Whether so many may leave now; `urgent` for exits, `cancel` if all are cancels."""
        if self._cap is None or self.used + actions <= self._most(self._cap, urgent, cancel):
            return True
        return actions == 1 and self._rested()

    def _most(self, cap: int, urgent: bool, cancel: bool) -> int:
        if cancel:
            return min(cap + _CANCELS_BEYOND, 2 * cap)
        return cap if urgent else cap - KEPT_FOR_EXITS

    def _rested(self) -> bool:
        if self._last_ns is None:
            return True
        # A clock that was set back must not lock the account until it has caught up.
        return not 0 <= self._clock.now() - self._last_ns < TRICKLE_NS
