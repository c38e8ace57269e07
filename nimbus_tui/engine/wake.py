"""Who wants to be woken at which price or time: only the nearest is ever compared."""

import heapq
from collections.abc import Iterable, Mapping
from decimal import Decimal

from nimbus_tui.core.ids import BotId
from nimbus_tui.core.instrument import Instrument
from nimbus_tui.core.plan import Band
from nimbus_tui.engine.inbox import Market


def tightest(bands: tuple[Band, ...]) -> Band:
    """The band that is left as soon as any of these is."""
    below = [band[0] for band in bands if band[0] is not None]
    above = [band[1] for band in bands if band[1] is not None]
    return (max(below, default=None), min(above, default=None))


class _Side:
    """Thresholds on one side of one market, nearest first, in integer ticks.

    A bot that arms again leaves its old entry behind; entries that are no longer the bot's
    newest are dropped when they surface.
    """

    def __init__(self, sign: int) -> None:
        self._sign = sign
        self._heap: list[tuple[int, BotId]] = []
        self._armed: dict[BotId, int] = {}

    def arm(self, bot_id: BotId, ticks: int | None) -> None:
        if ticks is None:
            self._armed.pop(bot_id, None)
            return
        if self._armed.get(bot_id) != ticks:
            self._armed[bot_id] = ticks
            heapq.heappush(self._heap, (self._sign * ticks, bot_id))
        if len(self._heap) > 4 * len(self._armed) + 64:
            self._heap = [(self._sign * at, bot) for bot, at in self._armed.items()]
            heapq.heapify(self._heap)

    def nearest(self) -> int | None:
        while self._heap:
            ticks, bot_id = self._heap[0]
            if self._armed.get(bot_id) == self._sign * ticks:
                return self._sign * ticks
            heapq.heappop(self._heap)
        return None

    def fire(self, ticks: int) -> list[BotId]:
        """Disarm and return the bots whose threshold the price has reached."""
        fired = []
        while (nearest := self.nearest()) is not None and (ticks - nearest) * self._sign >= 0:
            _, bot_id = heapq.heappop(self._heap)
            del self._armed[bot_id]
            fired.append(bot_id)
        return fired


class WakeIndex:
    """Wake bands of all bots by market, and wake times; O(log n) to arm, O(1) for a quiet tick.

    Thresholds are rounded towards the price, so that a bot may be asked a tick early, never late.
    """

    def __init__(self, instruments: Mapping[Market, Instrument]) -> None:
        self._instruments: dict[Market, Instrument] = {}
        self._above: dict[Market, _Side] = {}
        self._below: dict[Market, _Side] = {}
        for market, instrument in instruments.items():
            self.watch(market, instrument)
        self._times: list[tuple[int, BotId]] = []
        self._due: dict[BotId, int] = {}

    def watch(self, market: Market, instrument: Instrument) -> None:
        """Take up a market; harmless where it is watched already."""
        if market not in self._instruments:
            self._instruments[market] = instrument
            self._above[market], self._below[market] = _Side(1), _Side(-1)

    def forget(self, bot_id: BotId, markets: Iterable[Market]) -> None:
        """Never wake a bot again."""
        self.arm_time(bot_id, None)
        for market in markets:
            self.arm(bot_id, market, (None, None))

    def arm(self, bot_id: BotId, market: Market, band: Band) -> None:
        """Wake a bot when the market's price leaves the band; replaces its earlier band."""
        below, above = band
        instrument = self._instruments[market]
        self._below[market].arm(bot_id, None if below is None else instrument.ticks_above(below))
        self._above[market].arm(bot_id, None if above is None else instrument.ticks_below(above))

    def fire(self, market: Market, price: Decimal) -> set[BotId]:
        """The bots that a price wakes; they have to arm again."""
        instrument = self._instruments[market]
        low, high = instrument.ticks_below(price), instrument.ticks_above(price)
        return {*self._below[market].fire(low), *self._above[market].fire(high)}

    def quiet_band(self, market: Market) -> Band:
        """Strictly between these prices no bot is woken."""
        tick = self._instruments[market].tick_size
        below, above = self._below[market].nearest(), self._above[market].nearest()
        return (
            None if below is None else below * tick,
            None if above is None else above * tick,
        )

    def arm_time(self, bot_id: BotId, at: int | None) -> None:
        """Wake a bot at a time; replaces its earlier time."""
        if at is None:
            self._due.pop(bot_id, None)
        elif self._due.get(bot_id) != at:
            self._due[bot_id] = at
            heapq.heappush(self._times, (at, bot_id))

    def next_time(self) -> int | None:
        """The earliest time that a bot waits for."""
        while self._times:
            at, bot_id = self._times[0]
            if self._due.get(bot_id) == at:
                return at
            heapq.heappop(self._times)
        return None

    def fire_times(self, now: int) -> set[BotId]:
        """The bots whose time has come."""
        fired = set()
        while (at := self.next_time()) is not None and at <= now:
            _, bot_id = heapq.heappop(self._times)
            del self._due[bot_id]
            fired.add(bot_id)
        return fired
