"""Makes the adapters of real venues; nothing of a venue is imported before it is needed."""

from collections.abc import Sequence
from pathlib import Path
from random import Random
from typing import TYPE_CHECKING

from nimbus_tui.config.exchange_sections import NetworkName, VenueSection
from nimbus_tui.core.clock import Clock
from nimbus_tui.core.errors import ConfigError
from nimbus_tui.core.ids import ExchangeName
from nimbus_tui.core.instrument import Instrument
from nimbus_tui.exchanges.base import Exchange
from nimbus_tui.exchanges.net.budget import Budgets
from nimbus_tui.exchanges.registry import exchange_class
from nimbus_tui.real_venues import Key

if TYPE_CHECKING:
    from nimbus_tui.exchanges.hyperliquid.nonce_file import SignerNonces
    from nimbus_tui.exchanges.hyperliquid.settings import HyperliquidSettings


class AdapterMaker:
    """One for a process: its adapters share the budgets of requests.

    `budgets` is the folder through which other processes share them too; without it they don't.

    `keys` is the folder of what is remembered of each key that signs; without it adapters look
    and never trade, so that a running engine's account can be looked at.
    """

    def __init__(
        self, clock: Clock, chance: Random, keys: Path | None, budgets: Path | None
    ) -> None:
        self._clock = clock
        self._chance = chance
        self._keys = keys
        self._nonces: SignerNonces | None = None
        self._budgets = Budgets(clock, budgets)

    def adapter(self, name: ExchangeName, section: VenueSection, key: Key | None) -> Exchange:
        """An adapter that is not connected yet.

        Raises:
            ConfigError: there is no adapter of that type, or it can't be loaded.
        """
        settings = _settings(section)
        if self._keys is not None and self._nonces is None:
            from nimbus_tui.exchanges.hyperliquid.nonce_file import SignerNonces

            self._nonces = SignerNonces(self._keys, self._clock.now)
        return exchange_class(section.type)(
            name,
            settings,
            clock=self._clock,
            budgets=self._budgets,
            chance=self._chance,
            private_key=key,
            nonces=self._nonces,
        )

    async def listed(self, section: VenueSection) -> Sequence[Instrument]:
        """Everything that can be traded at a venue.

        Raises:
            ExchangeError: it can't be reached, or makes no sense.
        """
        from nimbus_tui.exchanges.hyperliquid.adapter import listed

        return await listed(
            _settings(section), clock=self._clock, budgets=self._budgets, chance=self._chance
        )


def _settings(section: VenueSection) -> "HyperliquidSettings":
    if section.type != "hyperliquid":
        raise ConfigError(f"there is no adapter for type = {section.type!r} in this version")
    from nimbus_tui.exchanges.hyperliquid.settings import HyperliquidSettings
    from nimbus_tui.exchanges.hyperliquid.signing import Network

    is_mainnet = section.network is NetworkName.MAINNET
    return HyperliquidSettings(
        network=Network.MAINNET if is_mainnet else Network.TESTNET,
        market=section.market.type,
        account=section.account,
        rest_url=section.rest_url,
        ws_url=section.ws_url,
    )
