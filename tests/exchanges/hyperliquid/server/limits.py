"""The weight of requests that an IP may send in a minute."""

from collections import deque

from tests.exchanges.hyperliquid.server.audit import Rule
from tests.exchanges.hyperliquid.server.world import World

MINUTE_MS = 60_000
ITEMS_PER_WEIGHT = 40


class Meter:
    """What came in the last minute."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._spent: deque[tuple[int, int]] = deque()

    @property
    def used(self) -> int:
        """Weight of the last minute."""
        edge = self._world.now() - MINUTE_MS
        while self._spent and self._spent[0][0] <= edge:
            self._spent.popleft()
        return sum(weight for _, weight in self._spent)

    def takes(self, weight: int) -> bool:
        """There is room for a request; if so it counts."""
        if self.used + weight > self._world.readings.weight_per_minute:
            self._world.audit.broken(Rule.WEIGHT, str(weight), "", self._world.now())
            return False
        self.add(weight)
        return True

    def add(self, weight: int) -> None:
        """Count what turned out while answering."""
        if weight:
            self._spent.append((self._world.now(), weight))


def weight_of_action(items: int) -> int:
    """What a signed action weighs."""
    return 1 + items // ITEMS_PER_WEIGHT
