"""The real venues of a config: adapters that trade, and public ones that only give prices."""

from collections.abc import Callable, Mapping, Sequence
from typing import Protocol

import msgspec

from nimbus_tui.config.exchange_sections import VenueSection
from nimbus_tui.config.listings import keep
from nimbus_tui.core.clock import Clock
from nimbus_tui.core.ids import ExchangeName
from nimbus_tui.core.instrument import Instrument
from nimbus_tui.exchanges.base import Exchange
from nimbus_tui.exchanges.live_prices import PriceFeed

Key = Callable[[], str]
"""Gives a private key at the moment that it is used."""


class VenueMaker(Protocol):
    """Who makes adapters; all of one process come from one maker and share its request budgets."""

    def adapter(self, name: ExchangeName, section: VenueSection, key: Key | None) -> Exchange:
        """An adapter that is not connected yet; without an account it knows public data only."""
        ...

    async def listed(self, section: VenueSection) -> Sequence[Instrument]:
        """Everything that can be traded there; needs no account.

        Raises:
            ExchangeError: the venue can't be reached, or makes no sense.
        """
        ...


class RealVenues:
    """Makes each adapter that a process needs, and the public feeds once for all."""

    def __init__(self, maker: VenueMaker, keys: Mapping[str, Key]) -> None:
        self._maker = maker
        self._keys = keys
        self._feeds: dict[ExchangeName, PriceFeed] = {}

    def adapter(self, name: ExchangeName, section: VenueSection) -> Exchange:
        """The adapter that trades on a section's account."""
        return self._maker.adapter(name, section, self._keys.get(section.secret))

    def feed(self, name: ExchangeName, section: VenueSection) -> PriceFeed:
        """The public feed of a section's venue, shared by all who ask for it."""
        if name not in self._feeds:
            public = msgspec.structs.replace(section, account="", secret="")
            self._feeds[name] = PriceFeed(self._maker.adapter(name, public, None))
        return self._feeds[name]

    async def read_list(self, section: VenueSection, clock: Clock) -> Sequence[Instrument]:
        """Ask a venue what it lists, and keep that for whoever reads configs.

        Raises:
            ExchangeError: the venue can't be reached.
            OSError: the list can't be written.
        """
        public = msgspec.structs.replace(section, account="", secret="")
        found = await self._maker.listed(public)
        keep(section, found, clock.now())
        return found
