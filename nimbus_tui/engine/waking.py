"""When a bot must be given a turn: prices out of its bands, times that have come, plans owed."""

from nimbus_tui.core.clock import Clock
from nimbus_tui.core.ids import Symbol
from nimbus_tui.core.market import Quote
from nimbus_tui.core.plan import Band
from nimbus_tui.engine.bot_side import BotSide
from nimbus_tui.engine.wake import tightest

NO_BAND_NEEDED: Band = (None, None)


class Waking:
    """What wakes one bot."""

    def __init__(self, bot: BotSide, clock: Clock) -> None:
        self._bot = bot
        self._clock = clock
        self.owes_plan = False
        """Whether the strategy is to be asked as soon as it can be."""

    @property
    def awaits_price(self) -> bool:
        """Whether the next price is worth a turn wherever it is."""
        standing = self._bot.standing
        if standing.is_closing and not self._bot.has_prices:
            return True
        if self._bot.risk.watches_every_price and self._bot.has_position:
            return True
        return (self.owes_plan and not standing.is_stopped) or not self._bot.ledger.saved.opened

    def bands(self) -> dict[Symbol, Band]:
        """For each symbol, the prices at which the bot must be given a turn."""
        law = self._bot.risk.bands()
        return {
            symbol: tightest(
                (
                    self._own_band(symbol),
                    law.get(symbol, NO_BAND_NEEDED),
                    self._bot.keeper.refusals.band(symbol),
                )
            )
            for symbol in self._bot.instruments
        }

    def next_time(self) -> int | None:
        """When the bot must be given a turn at the latest."""
        # One that owes a plan already is asked when it can be, by a price or once in step again.
        rests = self._rests or self.owes_plan
        wake_at = None if rests else self._bot.plan.wake.at
        times = [
            wake_at,
            self._bot.guard.frozen_until,
            self._bot.keeper.retry_at(),
            self._bot.risk.next_time(),
        ]
        return min((at for at in times if at is not None), default=None)

    def leaves_band(self, quote: Quote) -> bool:
        """Whether a price is out of the strategy's own band."""
        below, above = self._own_band(quote.symbol)
        return (below is not None and quote.price <= below) or (
            above is not None and quote.price >= above
        )

    def time_has_come(self) -> bool:
        """Whether the time is over that the strategy wanted to wait."""
        at = self._bot.plan.wake.at
        return at is not None and at <= self._clock.now()

    def is_settled(self) -> bool:
        """Whether the strategy waited for its last order to end, and that has happened."""
        return self._bot.plan.wake.settled and not self._bot.keeper.live

    @property
    def _rests(self) -> bool:
        return self._bot.standing.is_stopped or self._bot.guard.is_frozen

    def _own_band(self, symbol: Symbol) -> Band:
        if self._rests:
            return (None, None)
        return self._bot.plan.wake.bands.get(symbol, (None, None))
