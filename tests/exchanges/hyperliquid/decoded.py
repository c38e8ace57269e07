"""The sample messages as the wire's Structs, and whose orders and markets they speak of."""

from typing import Any

from nimbus_tui.core.ids import ClientOrderId, ExchangeName, Symbol
from nimbus_tui.exchanges.hyperliquid import wire
from nimbus_tui.exchanges.hyperliquid.instruments import universe
from nimbus_tui.exchanges.hyperliquid.wire_info import INFO_REPLIES, Meta, SpotMeta, decode_reply
from tests.exchanges.hyperliquid.samples import FRAMES, REPLIES

HL = ExchangeName("hl")
UNIVERSE = universe(
    decode_reply(REPLIES["meta"][1], Meta), decode_reply(REPLIES["spotMeta"][1], SpotMeta)
)
BTC = Symbol("BTC/USDC:USDC")
OURS = ClientOrderId("nbf0cddc17303d07f3fd128d5b35071d")


def frame(name: str) -> Any:
    """What a frame of the stream carries."""
    return wire.decode(FRAMES[name]).data  # type: ignore[union-attr]


def reply(name: str) -> Any:
    """The answer to an info request."""
    kind, text = REPLIES[name]
    return decode_reply(text, INFO_REPLIES[kind])
