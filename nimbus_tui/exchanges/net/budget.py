"""How much may be asked of a host in a minute, with a reserve for what can't wait.

A venue counts requests by IP address, so all adapters of a process share one budget per host.
What was spent is remembered for a whole window instead of refilling drop by drop: a bucket that
starts full lets nearly twice its size through in the first minute.
"""

import asyncio
from collections import deque
from contextlib import suppress

from nimbus_tui.core.clock import NS_PER_SECOND, Clock

WINDOW_NS = 61 * NS_PER_SECOND
"""A minute, and a second for requests that overtake each other on the way."""
_LEAST_WAIT_S = 0.001
"""A shorter sleep may end before the clock has moved at all."""


class Budget:
    """A weight that may be spent in any minute; requests wait for room in the order they came.

    Urgent requests go before all others, and only they may use the last `reserve` (a share).
    """

    def __init__(self, clock: Clock, *, per_minute: int, reserve: float = 0.2) -> None:
        if per_minute <= 0 or not 0 <= reserve < 1:
            raise ValueError(f"a budget of {per_minute} with a reserve of {reserve} is none")
        self._time = _NeverBack(clock)
        self._clock = clock
        self._most = per_minute
        self._most_normal = max(1, int(per_minute * (1 - reserve)))
        self._spent: deque[tuple[int, int]] = deque()
        """When it is free again (ns) and how much; in order."""
        self._total = 0
        self._closed_until = 0
        self._urgent_only_until = 0
        self._urgent: deque[_Waiting] = deque()
        self._normal: deque[_Waiting] = deque()
        self._serving: asyncio.Task[None] | None = None

    @property
    def spent(self) -> int:
        """The weight that was spent in the last minute."""
        self._forget_old()
        return self._total

    @property
    def used(self) -> float:
        """The share of the part open to all that is spent now: 1 when normal requests wait."""
        now = self._forget_old()
        if self._normal or now < self._urgent_only_until:
            return 1.0
        return min(1.0, self._total / self._most_normal)

    def try_take(self, weight: int, urgent: bool = False) -> bool:
        """Spend a weight if there is room and nobody waits who goes first; else spend nothing.

        Raises:
            ValueError: it is more than there can ever be.
        """
        self._check(weight, urgent=urgent)
        if self._urgent or (self._normal and not urgent):
            return False
        return self._spend_if_free(weight, urgent=urgent)

    async def take(self, weight: int, *, urgent: bool = False) -> None:
        """Wait until there is room for a weight, and spend it.

        Who is cancelled while waiting spends nothing; in the moment of being served, the weight
        may be lost.

        Raises:
            ValueError: it is more than there can ever be.
        """
        if self.try_take(weight, urgent):
            return
        queue = self._urgent if urgent else self._normal
        waiting = _Waiting(weight, urgent=urgent)
        queue.append(waiting)
        self._serve_anew()
        try:
            await waiting.served
        finally:
            with suppress(ValueError):
                queue.remove(waiting)
                self._serve_anew()

    def charge(self, weight: int) -> None:
        """Count what an answer has cost beyond what was known when it was asked for."""
        now = self._forget_old()
        if weight > 0:
            self._spent.append((now + WINDOW_NS, weight))
            self._total += weight

    def correct(self, used_weight: int) -> None:
        """The venue says that so much is spent: what is missing here was spent by others."""
        self._forget_old()
        self.charge(used_weight - self._total)

    def penalise(self, seconds: float) -> None:
        """The venue has had enough: nobody may send for so long, then only urgent ones as long."""
        now = self._time.now()
        pause = round(seconds * NS_PER_SECOND)
        self._closed_until = max(self._closed_until, now + pause)
        self._urgent_only_until = max(self._urgent_only_until, now + 2 * pause)

    def _check(self, weight: int, *, urgent: bool) -> None:
        most = self._most if urgent else self._most_normal
        if not 0 < weight <= most:
            raise ValueError(f"a weight of {weight} can't be spent: 1 to {most} can")

    def _spend_if_free(self, weight: int, *, urgent: bool) -> bool:
        now = self._forget_old()
        if self._free_at(now, weight, urgent=urgent) > now:
            return False
        self._spent.append((now + WINDOW_NS, weight))
        self._total += weight
        return True

    def _free_at(self, now: int, weight: int, *, urgent: bool) -> int:
        """When there is room for a weight, if nothing else is spent until then; ns."""
        most = self._most if urgent else self._most_normal
        free_at = max(now, self._closed_until if urgent else self._urgent_only_until)
        excess = self._total + weight - most
        for freed_at, freed in self._spent:
            if excess <= 0:
                break
            excess -= freed
            free_at = max(free_at, freed_at)
        return free_at

    def _forget_old(self) -> int:
        now = self._time.now()
        while self._spent and self._spent[0][0] <= now:
            self._total -= self._spent.popleft()[1]
        return now

    def _serve_anew(self) -> None:
        """Somebody came or went: whoever is first now may have another time to wait for."""
        if self._serving is not None:
            self._serving.cancel()
            self._serving = None
        if self._urgent or self._normal:
            self._serving = asyncio.get_running_loop().create_task(self._serve())

    async def _serve(self) -> None:
        while queue := self._urgent or self._normal:
            first = queue[0]
            if self._spend_if_free(first.weight, urgent=first.urgent):
                queue.popleft()
                first.serve()
                continue
            now = self._time.now()
            free_at = self._free_at(now, first.weight, urgent=first.urgent)
            await self._clock.sleep(max(_LEAST_WAIT_S, (free_at - now) / NS_PER_SECOND))


class Budgets:
    """One budget for each host, shared by everybody in the process who asks it."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._by_host: dict[str, Budget] = {}

    def of(self, host: str, per_minute: int) -> Budget:
        """The budget of a host; `per_minute` counts when it is asked for the first time."""
        if host not in self._by_host:
            self._by_host[host] = Budget(self._clock, per_minute=per_minute)
        return self._by_host[host]


class _Waiting:
    """One request that waits for room."""

    def __init__(self, weight: int, *, urgent: bool) -> None:
        self.weight = weight
        self.urgent = urgent
        self.served: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    def serve(self) -> None:
        """Let it go on, unless it has given up."""
        if not self.served.done():
            self.served.set_result(None)


class _NeverBack:
    """A clock's time; while the clock is set back, it stands."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._last = clock.now()
        self._added = 0

    def now(self) -> int:
        """Nanoseconds since the epoch, plus what the clock was set back by."""
        now = self._clock.now() + self._added
        if now < self._last:
            self._added += self._last - now
            now = self._last
        self._last = now
        return now
