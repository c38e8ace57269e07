"""What the venues say of the accounts, read now and then: equity, balances, assets of the fees."""

import asyncio
from collections.abc import Callable, Iterable, Mapping
from decimal import Decimal

from nimbus_tui.control.snapshots import Mode
from nimbus_tui.core.clock import Clock
from nimbus_tui.core.errors import ExchangeError
from nimbus_tui.core.ids import Asset, BotId, ExchangeName
from nimbus_tui.engine.bot import Bot
from nimbus_tui.engine.fee_prices import FeePrices
from nimbus_tui.engine.settings import BotSpec
from nimbus_tui.exchanges.base import Exchange

POLL_S = 2.0
"""How often a venue's account figures are read where requests cost nothing."""
COUNTED_POLL_S = 10.0
"""The same where they are counted: between two readings the equity moves with the bots' own."""
SHORT_POLL_S = 30.0
"""The same where half of what is allowed is used: orders need it more."""
HALF = 0.5


class Accounts:
    """The newest figures of each venue's account."""

    def __init__(
        self,
        exchanges: Mapping[ExchangeName, Exchange],
        specs: Mapping[BotId, BotSpec],
        fee_prices: FeePrices,
        clock: Clock,
    ) -> None:
        self.equity: dict[ExchangeName, Decimal] = {}
        self._balances: dict[ExchangeName, dict[Asset, Decimal]] = {}
        self.told: Callable[[ExchangeName], None] = lambda name: None
        """Is told which venue's figures are new."""
        self._exchanges = exchanges
        self._specs = specs
        self._fee_prices = fee_prices
        self._clock = clock

    @property
    def mode(self) -> Mode:
        """Whose money moves: real money if any bot moves some, else play money, else none."""
        modes = {spec.mode for spec in self._specs.values()}
        return next((mode for mode in (Mode.LIVE, Mode.TESTNET) if mode in modes), Mode.PAPER)

    @property
    def counted(self) -> tuple[ExchangeName, ...]:
        """The venues that totals are over: paper money never makes real money look like more."""
        mode = self.mode
        if mode is Mode.PAPER:
            return tuple(self._exchanges)
        trading = {spec.exchange for spec in self._specs.values() if spec.mode is mode}
        return tuple(name for name in self._exchanges if name in trading)

    async def run(self) -> None:
        """Read them again and again, until cancelled; no venue waits for another."""
        await asyncio.gather(*(self.keep_reading(one) for one in self._exchanges.values()))

    async def keep_reading(self, exchange: Exchange) -> None:
        """Read one venue's again and again, until cancelled."""
        while True:
            await self.read([exchange])
            await self._clock.sleep(pause_s(exchange.connection_status().rate_used))

    async def read(self, exchanges: Iterable[Exchange]) -> None:
        """Read what the venues say of the accounts; a venue that fails keeps its old figures."""
        for exchange in exchanges:
            try:
                info = await exchange.account_info()
                balances = await exchange.balances()
            except ExchangeError:
                continue
            await self._fee_prices.learn(exchange, info.fee_assets, self._quotes_on(exchange.name))
            self.equity[exchange.name] = info.equity
            self.told(exchange.name)
            self._balances[exchange.name] = {entry.asset: entry.total for entry in balances}

    def unowned(self, exchange: ExchangeName, bots: Mapping[BotId, Bot]) -> dict[Asset, Decimal]:
        """The account's balances less what the bots' own fills bought."""
        unowned = dict(self._balances.get(exchange, {}))
        for spec in self._specs.values():
            if spec.exchange != exchange or spec.bot_id not in bots:
                continue
            for symbol, instrument in spec.instruments.items():
                held = bots[spec.bot_id].position(symbol)
                if instrument.base in unowned:
                    unowned[instrument.base] -= held
        return unowned

    def _quotes_on(self, exchange: ExchangeName) -> set[Asset]:
        """What the bots on a venue reckon in."""
        return {
            instrument.quote
            for spec in self._specs.values()
            if spec.exchange == exchange
            for instrument in spec.instruments.values()
        }


def pause_s(rate_used: float) -> float:
    """How long to wait before an account is read again, by the share of its budget that is used."""
    if not rate_used:
        return POLL_S
    return COUNTED_POLL_S if rate_used < HALF else SHORT_POLL_S
