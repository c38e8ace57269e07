"""From the bytes of a best-price message to the engine's quote, against the official SDK's way.

    python benchmarks/hyperliquid_messages.py           # 20,000 messages each
    python benchmarks/hyperliquid_messages.py 100000

Ours: the session takes the bytes, decodes and checks them, the board joins them with trades and
mark price, and a subscriber gets a Quote. The SDK's: its WebSocket manager decodes the text and
calls the subscriber with a dict, whose prices the subscriber turns into floats, as its examples do.
The result is a ratio of the two in the same run.
"""

import sys
import time
import warnings
from collections.abc import Callable
from decimal import Decimal
from random import Random

from nimbus_tui.core.ids import ExchangeName, Symbol
from nimbus_tui.core.instrument import MarketType
from nimbus_tui.core.market import Quote
from nimbus_tui.engine.clock import LiveClock
from nimbus_tui.exchanges.hyperliquid.connection import Connection
from nimbus_tui.exchanges.hyperliquid.instruments import universe
from nimbus_tui.exchanges.hyperliquid.prices import PriceBoard
from nimbus_tui.exchanges.hyperliquid.settings import HyperliquidSettings
from nimbus_tui.exchanges.hyperliquid.signing import Network
from nimbus_tui.exchanges.hyperliquid.wire_info import Meta, PerpAsset, SpotMeta
from nimbus_tui.exchanges.net.budget import Budgets

ETH = Symbol("ETH/USDC:USDC")
Take = Callable[[bytes], None]


def message(number: int) -> bytes:
    """One message; each has another price, so that none is left out as unchanged."""
    bid = Decimal(20_000 + number % 1000) / 10
    ask = bid + Decimal("0.1")
    return (
        b'{"channel":"bbo","data":{"coin":"ETH","time":%d,"bbo":[{"px":"%s","sz":"22.6131","n":81},'
        b'{"px":"%s","sz":"0.0016","n":1}]}}'
        % (1_790_358_617_881 + number, str(bid).encode(), str(ask).encode())
    )


def ours(told: list[Decimal]) -> Take:
    """Bytes → Quote by our code."""
    clock = LiveClock()
    settings = HyperliquidSettings(network=Network.MAINNET, market=MarketType.PERPETUAL)
    connection = Connection(
        ExchangeName("hl"), settings, clock=clock, budgets=Budgets(clock), chance=Random(1)
    )
    known = universe(Meta((PerpAsset("ETH", 4),)), SpotMeta((), ()))
    connection.board = PriceBoard(known)

    def hear(quote: Quote) -> None:
        told.append(quote.price)

    connection.prices[ETH].add(hear)

    def take(frame: bytes) -> None:
        connection.session.received(frame, clock.now())

    return take


def theirs(told: list[Decimal]) -> Take | None:
    """The same by the SDK; None where it isn't installed."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            from hyperliquid.websocket_manager import ActiveSubscription, WebsocketManager
        except ImportError:
            return None
    manager = WebsocketManager("http://127.0.0.1:9")

    def hear(message: dict) -> None:  # type: ignore[type-arg]
        bid, ask = message["data"]["bbo"]
        told.append((float(bid["px"]) + float(ask["px"])) / 2)  # type: ignore[arg-type]

    manager.active_subscriptions["bbo:eth"].append(ActiveSubscription(hear, 1))

    def take(frame: bytes) -> None:
        # websocket-client gives text to its callback, and has checked that it is UTF-8.
        manager.on_message(None, frame.decode())

    return take


def measured(take: Take, frames: list[bytes], told: list[Decimal]) -> float:
    """Seconds a message, the best of five rounds; all must have been told."""
    rounds = []
    for _ in range(5):
        told.clear()
        begun = time.perf_counter()
        for frame in frames:
            take(frame)
        rounds.append((time.perf_counter() - begun) / len(frames))
        if len(told) != len(frames):
            raise SystemExit(f"{len(told)} of {len(frames)} messages were told")
    return min(rounds)


def main(count: int) -> None:
    """Print both ways as a ratio."""
    frames = [message(number) for number in range(count)]
    told: list[Decimal] = []
    mine = measured(ours(told), frames, told)
    sdk = theirs(told)
    if sdk is None:
        print("hyperliquid-python-sdk is not installed: no ratio, only our own time")
        print(f"ours {mine * 1e6:.1f} µs a message")
        return
    reference = measured(sdk, frames, told)
    print(
        f"ours {mine * 1e6:.1f} µs a message, the SDK {reference * 1e6:.1f} µs · "
        f"{reference / mine:.2f} × as fast as the SDK"
    )


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 20_000)
