"""What was asked of a host within the last minute, and until when it has had enough of us."""

from collections import deque
from collections.abc import Iterable

from nimbus_tui.core.clock import NS_PER_SECOND

WINDOW_NS = 61 * NS_PER_SECOND
"""A minute, and a second for requests that overtake each other on the way."""


class Spending:
    """Weights with their times, and what a host forbids, as of one moment.

    Its time is the clock's and never goes back: while the clock is set back it stands, and
    `added` (ns) is what the clock lacks from then on. Times are ns since the epoch, plus that.
    What is spent within one second of the clock counts until the last of it is free again, so
    that a minute has few entries.
    """

    def __init__(
        self,
        now: int = 0,
        added: int = 0,
        closed_until: int = 0,
        urgent_only_until: int = 0,
        entries: Iterable[tuple[int, int]] = (),
    ) -> None:
        self.now = now
        self.added = added
        self.closed_until = closed_until
        """Nobody may ask before."""
        self.urgent_only_until = urgent_only_until
        """Only urgent requests may be made before."""
        self.entries = deque(entries)
        """When it was spent, the earliest first, and how much."""
        self.total = sum(weight for _, weight in self.entries)
        self.newly_spent = 0
        """The weight that was spent since the last look."""
        self.is_changed = False
        """Whether there is more to keep than the time since the last look."""

    def look(self, clock_ns: int) -> None:
        """Go on to what the clock shows, and forget what is free again."""
        now = clock_ns + self.added
        self.is_changed = now < self.now
        self.newly_spent = 0
        if now < self.now:
            self.added += self.now - now
        else:
            self.now = now
        while self.entries and self.entries[0][0] + WINDOW_NS <= self.now:
            self.total -= self.entries.popleft()[1]

    def spend(self, weight: int) -> None:
        """Count a weight as of now."""
        if not weight:
            return
        at, spent = self.now, weight
        if self.entries and self.entries[-1][0] // NS_PER_SECOND == at // NS_PER_SECOND:
            spent += self.entries.pop()[1]
        self.entries.append((at, spent))
        self.total += weight
        self.newly_spent += weight
        self.is_changed = True

    def forbid(self, all_ns: int, normal_ns: int) -> None:
        """Nobody may ask for a while, normal requests for another; a longer ban stays."""
        self.closed_until = max(self.closed_until, self.now + all_ns)
        self.urgent_only_until = max(self.urgent_only_until, self.now + normal_ns)
        self.is_changed = True

    def forbidden_ns(self) -> tuple[int, int]:
        """How long nobody may ask, and how long normal requests may not."""
        return max(0, self.closed_until - self.now), max(0, self.urgent_only_until - self.now)

    def free_at(self, weight: int, most: int, *, urgent: bool) -> int:
        """When *most* has room for a weight, if nothing else is spent until then; ns."""
        free_at = max(self.now, self.closed_until)
        if not urgent:
            free_at = max(free_at, self.urgent_only_until)
        excess = self.total + weight - most
        for spent_at, spent in self.entries:
            if excess <= 0:
                break
            excess -= spent
            free_at = max(free_at, spent_at + WINDOW_NS)
        return free_at
