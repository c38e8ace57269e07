"""Recorded prices as a source for the paper exchange, at a chosen multiple of real time."""

from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from decimal import Decimal
from itertools import islice
from pathlib import Path

import msgspec

from nimbus_tui.core.clock import Clock
from nimbus_tui.core.ids import Symbol
from nimbus_tui.core.market import Tick
from nimbus_tui.simulation.price_files import PriceFile, in_order, merged


class ReplaySource:
    """Ticks of files, paced at `speed` × real time and stamped with the time of their delivery.

    The position is the number of ticks delivered, so that a restart goes on behind the last one.
    """

    def __init__(
        self, files: Mapping[Symbol, Sequence[Path]], clock: Clock, speed: Decimal
    ) -> None:
        self._files = {
            symbol: [PriceFile(path, symbol) for path in paths] for symbol, paths in files.items()
        }
        self._clock = clock
        self._speed = speed
        self._delivered = 0

    @property
    def symbols(self) -> tuple[Symbol, ...]:
        """The symbols that there are files for."""
        return tuple(self._files)

    def recorded(self) -> Iterator[Tick]:
        """All ticks as recorded, in time order."""
        return merged(in_order(files) for files in self._files.values())

    def position(self) -> str:
        """How many ticks have been delivered."""
        return str(self._delivered)

    async def ticks(self, position: str) -> AsyncIterator[Tick]:
        """Ticks from behind a position, each when it is due."""
        self._delivered = int(position or 0)
        begun: tuple[int, int] | None = None
        for tick in islice(self.recorded(), self._delivered, None):
            if begun is None:
                begun = (self._clock.now(), tick.ts)
            due = begun[0] + int((tick.ts - begun[1]) / self._speed)
            await self._clock.sleep_until(due)
            self._delivered += 1
            delivered = max(due, self._clock.now())
            yield msgspec.structs.replace(tick, ts=delivered, recorded_ts=tick.ts)
