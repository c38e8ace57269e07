"""What an account at Hyperliquid is configured with."""

from decimal import Decimal

import msgspec

from nimbus_tui.core.instrument import MarketType
from nimbus_tui.exchanges.hyperliquid.endpoints import Endpoints, endpoints
from nimbus_tui.exchanges.hyperliquid.orders import WorstPrices
from nimbus_tui.exchanges.hyperliquid.signing import Network, canonical_address


class HyperliquidSettings(msgspec.Struct, frozen=True, kw_only=True):
    """One account's market at one network; empty URLs are the network's own."""

    network: Network
    market: MarketType
    account: str = ""
    """The address that is traded for; empty: prices only."""
    rest_url: str = ""
    ws_url: str = ""
    worst: WorstPrices = WorstPrices(market=Decimal("0.05"), stop=Decimal("0.1"))

    @property
    def endpoints(self) -> Endpoints:
        """Where the venue is reached.

        Raises:
            ConfigError: an address given in place of the venue's own is none.
        """
        rest_url, ws_url = self.rest_url or None, self.ws_url or None
        return endpoints(self.network, rest_url=rest_url, ws_url=ws_url)

    @property
    def user(self) -> str:
        """The account's address as the venue writes it.

        Raises:
            ConfigError: it is not an address.
        """
        return canonical_address(self.account) if self.account else ""
