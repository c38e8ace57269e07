"""How much may be asked of a host in a minute, with a reserve for what can't wait.

A venue counts requests by IP address, so all adapters share one budget per host; with a ledger on
the disk those of all processes do, and of those that were killed within the last minute.
What was spent is remembered for a whole window instead of refilling drop by drop: a bucket that
starts full lets nearly twice its size through in the first minute.
"""

import asyncio
from collections import deque
from contextlib import suppress
from pathlib import Path
from urllib.parse import quote

from nimbus_tui.core.clock import NS_PER_SECOND, Clock
from nimbus_tui.exchanges.net.ledger import FileLedger, Ledger, MemoryLedger

_LEAST_WAIT_S = 0.001
"""A shorter sleep may end before the clock has moved at all."""


class Budget:
    """A weight that may be spent in any minute; requests wait for room in the order they came.

    Urgent requests go before all others, and only they may use the last `reserve` (a share).
    Budgets on one ledger spend the same weight; the order holds among the requests of each.
    """

    def __init__(
        self,
        clock: Clock,
        *,
        per_minute: int,
        reserve: float = 0.2,
        ledger: Ledger | None = None,
    ) -> None:
        if per_minute <= 0 or not 0 <= reserve < 1:
            raise ValueError(f"a budget of {per_minute} with a reserve of {reserve} is none")
        self._clock = clock
        self._ledger = ledger or MemoryLedger(clock)
        self._most = per_minute
        self._most_normal = max(1, int(per_minute * (1 - reserve)))
        self._urgent: deque[_Waiting] = deque()
        self._normal: deque[_Waiting] = deque()
        self._serving: asyncio.Task[None] | None = None

    @property
    def spent(self) -> int:
        """The weight that was spent in the last minute."""
        with self._ledger.open() as spending:
            return spending.total

    @property
    def used(self) -> float:
        """The share of the part open to all that is spent now: 1 when normal requests wait."""
        with self._ledger.open() as spending:
            if self._normal or spending.now < spending.urgent_only_until:
                return 1.0
            return min(1.0, spending.total / self._most_normal)

    def try_take(self, weight: int, urgent: bool = False) -> bool:
        """Spend a weight if there is room and nobody waits who goes first; else spend nothing.

        Raises:
            ValueError: it is more than there can ever be.
        """
        self._check(weight, urgent=urgent)
        if self._urgent or (self._normal and not urgent):
            return False
        return self._wait_ns(weight, urgent=urgent) == 0

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
        if weight > 0:
            with self._ledger.open() as spending:
                spending.spend(weight)

    def correct(self, used_weight: int) -> None:
        """The venue says that so much is spent: what is missing here was spent by others."""
        with self._ledger.open() as spending:
            if used_weight > spending.total:
                spending.spend(used_weight - spending.total)

    def penalise(self, seconds: float) -> None:
        """The venue has had enough: nobody may send for so long, then only urgent ones as long."""
        pause = round(seconds * NS_PER_SECOND)
        with self._ledger.open() as spending:
            spending.forbid(pause, 2 * pause)

    def _check(self, weight: int, *, urgent: bool) -> None:
        most = self._most if urgent else self._most_normal
        if not 0 < weight <= most:
            raise ValueError(f"a weight of {weight} can't be spent: 1 to {most} can")

    def _wait_ns(self, weight: int, *, urgent: bool) -> int:
        """Spend a weight and return 0 if there is room; else return when there may be, in ns."""
        most = self._most if urgent else self._most_normal
        with self._ledger.open() as spending:
            wait_ns = spending.free_at(weight, most, urgent=urgent) - spending.now
            if wait_ns == 0:
                spending.spend(weight)
            return wait_ns

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
            wait_ns = self._wait_ns(first.weight, urgent=first.urgent)
            if wait_ns == 0:
                queue.popleft()
                first.serve()
                continue
            wait_s = min(wait_ns / NS_PER_SECOND, self._ledger.look_again_s)
            await self._clock.sleep(max(_LEAST_WAIT_S, wait_s))


class Budgets:
    """One budget for each host, shared by everybody in the process who asks it.

    With a folder also by all other processes that were given it, one after the other or at once:
    what is spent is kept in `<folder>/<host>.spent`.
    """

    def __init__(self, clock: Clock, folder: Path | None = None) -> None:
        self._clock = clock
        self._folder = folder
        self._by_host: dict[str, Budget] = {}

    def of(self, host: str, per_minute: int) -> Budget:
        """The budget of a host; `per_minute` counts when it is asked for the first time."""
        if host not in self._by_host:
            self._by_host[host] = Budget(
                self._clock, per_minute=per_minute, ledger=self._ledger(host)
            )
        return self._by_host[host]

    def _ledger(self, host: str) -> Ledger | None:
        if self._folder is None:
            return None
        return FileLedger(self._folder / f"{quote(host, safe='')}.spent", self._clock)


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
