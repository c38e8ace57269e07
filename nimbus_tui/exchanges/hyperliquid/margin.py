"""Leverage, margin mode and the dead man's switch: settings of an account, set and verified.

Source: the protocol reference, "Actions: updateLeverage, scheduleCancel" and "Info requests:
activeAssetData".
"""

import math

from nimbus_tui.core.errors import ExchangeError, NoAnswer, UnsupportedByExchange
from nimbus_tui.core.instrument import MarginMode, MarketType, parse_symbol
from nimbus_tui.core.order import RefusalKind, Refused, Unknown
from nimbus_tui.exchanges.hyperliquid.answers import plain_answer
from nimbus_tui.exchanges.hyperliquid.connection import Connection
from nimbus_tui.exchanges.hyperliquid.instruments import Listing
from nimbus_tui.exchanges.hyperliquid.posting import Posting
from nimbus_tui.exchanges.hyperliquid.wire_actions import (
    L1Action,
    ScheduleCancelAction,
    UpdateLeverageAction,
)
from nimbus_tui.exchanges.hyperliquid.wire_records import Leverage

LEAST_AHEAD_S = 5.0
"""The venue takes no dead man's switch that fires sooner."""


class Margin:
    """The settings of one account."""

    def __init__(self, connection: Connection, posting: Posting) -> None:
        self._connection = connection
        self._posting = posting

    async def set_leverage(self, listing: Listing, leverage: int, mode: MarginMode) -> None:
        """Set leverage and margin mode of a perpetual, and read back whether they hold.

        Raises:
            ExchangeError: the venue refuses, or something else holds afterwards.
        """
        symbol = listing.instrument.symbol
        if listing.instrument.market is MarketType.SPOT:
            raise UnsupportedByExchange(self._connection.name, f"set_leverage on {symbol}")
        if not 1 <= leverage <= listing.max_leverage:
            raise ExchangeError(
                f"{symbol} takes a leverage from 1 to {listing.max_leverage}, not {leverage}"
            )
        if listing.only_isolated and mode is MarginMode.CROSS:
            raise ExchangeError(f'{symbol} takes isolated margin only; set margin = "isolated"')
        if _holds(await self._read(listing), leverage, mode):
            return
        action = UpdateLeverageAction(listing.asset, mode is MarginMode.CROSS, leverage)
        await self._has_room()
        refused = await self._posted(action)
        if isinstance(refused, Refused):
            raise ExchangeError(f"the leverage of {symbol} can't be set: {refused.reason}")
        found = await self._read(listing)
        if not _holds(found, leverage, mode):
            raise ExchangeError(
                f"the leverage of {symbol} is {found.value}× {found.type}, "
                f"though {leverage}× {mode.value} was set"
            )

    async def cancel_all_after(self, seconds: float | None) -> Refused | Unknown | None:
        """Set the dead man's switch, or clear it; None if it is done."""
        if seconds is not None and seconds < LEAST_AHEAD_S:
            return Refused(
                RefusalKind.INVALID, f"the switch fires {LEAST_AHEAD_S:g} s ahead or later"
            )
        if seconds is None:
            await self._has_room()
            return await self._posted(ScheduleCancelAction())
        try:
            spares_others = not await self._other_market_has_orders()
        except ExchangeError as error:
            return Refused(RefusalKind.BUSY, str(error))
        if not spares_others:
            return Refused(
                RefusalKind.BUSY, "the switch would also cancel the orders of the other market"
            )
        await self._has_room()
        # Counted from its leaving: it may have waited for room.
        at_ms = self._connection.venue_now_ms() + math.ceil(seconds * 1000)
        return await self._posted(ScheduleCancelAction(at_ms))

    async def _other_market_has_orders(self) -> bool:
        """Whether the account has orders where this adapter doesn't trade."""
        connection = self._connection
        orders = await connection.rest.open_orders(connection.settings.user)
        symbols = {connection.known.symbol_of(order.coin) for order in orders}
        return any(parse_symbol(one).market is not connection.settings.market for one in symbols)

    async def _read(self, listing: Listing) -> Leverage:
        connection = self._connection
        data = await connection.rest.active_asset_data(connection.settings.user, listing.coin)
        return data.leverage

    async def _has_room(self) -> None:
        await self._connection.budget.take(1, urgent=True)

    async def _posted(self, action: L1Action) -> Refused | Unknown | None:
        self._connection.address.count(1)
        try:
            reply = await self._posting.post(action)
        except ExchangeError as error:
            if isinstance(error, NoAnswer) and error.may_have_arrived:
                return Unknown(str(error))
            self._connection.address.give_back(1)
            return Refused(RefusalKind.BUSY, str(error))
        return plain_answer(reply.body, reply.status)


def _holds(found: Leverage, leverage: int, mode: MarginMode) -> bool:
    return found.value == leverage and found.type == mode.value
