"""Names of things: one type per kind of identity, so that they can't be mixed up."""

from typing import NewType

BotId = NewType("BotId", str)
"""The bot's name in the config file, e.g. `eth-grid`."""

Symbol = NewType("Symbol", str)
"""Unified symbol: `BASE/QUOTE` spot, `BASE/QUOTE:SETTLE` perpetual."""

Asset = NewType("Asset", str)
"""A currency or coin, e.g. `USDC`."""

OrderKey = NewType("OrderKey", str)
"""Why an order exists, unique within its bot: `grid/+2/c7`. Spent for ever once filled."""

ClientOrderId = NewType("ClientOrderId", str)
"""Our name for an order at the venue, derived from bot, key and generation."""

ExchangeOrderId = NewType("ExchangeOrderId", str)
"""The venue's name for an order."""

TradeId = NewType("TradeId", str)
"""The venue's name for one execution; unique together with the exchange's name."""

FundingId = NewType("FundingId", str)
"""The venue's name for one funding payment; unique together with the exchange's name."""

ExchangeName = NewType("ExchangeName", str)
"""The name of a configured venue, e.g. `sim` of `[exchanges.sim]`."""
