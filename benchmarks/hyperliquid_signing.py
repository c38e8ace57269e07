"""From a planned order to signed bytes, against the official SDK's way.

    python benchmarks/hyperliquid_signing.py          # 2,000 orders each
    python benchmarks/hyperliquid_signing.py 10000

Both ways make the same order: the derived id, numbers to text, action, hash, signature, JSON body;
ours begins at the plan, which the SDK does not know. The result is a ratio, since milliseconds say
more of the machine than of the code. Ours is measured with both libraries that can sign.
"""

import json
import sys
import time
import warnings
from collections.abc import Callable
from decimal import Decimal

import msgspec

from nimbus_tui.core.ids import BotId, OrderKey, Symbol
from nimbus_tui.core.order import DesiredOrder, OrderRequest, Refused, Side
from nimbus_tui.core.plan import ReviewedPlan
from nimbus_tui.exchanges.hyperliquid.cloids import cloid_of
from nimbus_tui.exchanges.hyperliquid.instruments import universe
from nimbus_tui.exchanges.hyperliquid.orders import WorstPrices, order_action
from nimbus_tui.exchanges.hyperliquid.secp256k1 import CoincurveSigner, CryptographySigner, Signer
from nimbus_tui.exchanges.hyperliquid.signing import Network, sign_action
from nimbus_tui.exchanges.hyperliquid.wire_info import Meta, PerpAsset, SpotMeta
from nimbus_tui.orders.client_id import client_order_id, tag
from nimbus_tui.orders.reconcile import Place, reconcile

KEY = "0x" + "0123456789" * 6 + "0123"
ETH = Symbol("ETH/USDC:USDC")
BOT = BotId("eth-grid")
TAG = tag("0x14791697260e4c9a71f18484c9f997b308e59325", "home")
NONCE = 1_790_000_000_000
WORST = WorstPrices(market=Decimal("0.01"), stop=Decimal("0.1"))
LISTING = universe(Meta((PerpAsset("ETH", 4),)), SpotMeta((), ())).listing(ETH)

Make = Callable[[int], bytes]


def ours(signer: Signer) -> Make:
    """Plan → body by our code: reconcile, the derived id, action, hash, signature."""

    def make(number: int) -> bytes:
        wish = DesiredOrder(
            key=OrderKey(f"grid/buy/{number}"),
            symbol=ETH,
            side=Side.BUY,
            quantity=Decimal("0.0125"),
            price=Decimal(20_000 + number % 1000) / 10,
            post_only=True,
        )
        (step,) = reconcile(ReviewedPlan((wish,)), {})
        assert isinstance(step, Place)
        placed = step.desired
        request = OrderRequest(
            client_order_id=client_order_id(TAG, BOT, "incarnation", placed.key, 0),
            symbol=placed.symbol,
            side=placed.side,
            quantity=placed.quantity,
            price=placed.price,
            post_only=placed.post_only,
        )
        assert LISTING is not None
        action = order_action(request, LISTING, WORST)
        assert not isinstance(action, Refused)
        signed = sign_action(action, signer, Network.MAINNET, nonce=NONCE + number)
        return msgspec.json.encode(signed)

    return make


def theirs() -> Make | None:
    """The same by the SDK; None where it isn't installed."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            from eth_account import Account
            from hyperliquid.utils import signing
            from hyperliquid.utils.types import Cloid
        except ImportError:
            return None
    wallet = Account.from_key(KEY)

    def make(number: int) -> bytes:
        key = OrderKey(f"grid/buy/{number}")
        request = {
            "coin": "ETH",
            "is_buy": True,
            "sz": 0.0125,
            "limit_px": (20_000 + number % 1000) / 10,
            "reduce_only": False,
            "order_type": {"limit": {"tif": "Alo"}},
            "cloid": Cloid(cloid_of(client_order_id(TAG, BOT, "incarnation", key, 0))),
        }
        wire = signing.order_request_to_order_wire(request, 0)
        action = signing.order_wires_to_order_action([wire], None)
        nonce = NONCE + number
        signature = signing.sign_l1_action(wallet, action, None, nonce, None, True)
        body = {"action": action, "nonce": nonce, "signature": signature}
        return json.dumps({**body, "vaultAddress": None, "expiresAfter": None}).encode()

    return make


def measured(make: Make, count: int) -> float:
    """Seconds an order, the best of three rounds."""
    make(0)
    rounds = []
    for _ in range(3):
        begun = time.perf_counter()
        for number in range(count):
            make(number)
        rounds.append((time.perf_counter() - begun) / count)
    return min(rounds)


def is_same(one: bytes, other: bytes) -> bool:
    """Whether two bodies say the same; r and s may be padded or not."""
    bodies = [json.loads(body) for body in (one, other)]
    for body in bodies:
        body["signature"] = {name: int(str(value), 0) for name, value in body["signature"].items()}
    return bodies[0] == bodies[1]


def main(count: int) -> None:
    """Print both ways as ratios."""
    sdk = theirs()
    ways = {"coincurve": ours(CoincurveSigner(KEY)), "cryptography": ours(CryptographySigner(KEY))}
    if sdk is None:
        print("hyperliquid-python-sdk is not installed: no ratio, only our own times")
    elif not all(is_same(way(7), sdk(7)) for way in ways.values()):
        raise SystemExit("the bodies differ: a comparison would mean nothing")
    reference = None if sdk is None else measured(sdk, max(1, count // 10))
    for name, way in ways.items():
        seconds = measured(way, count)
        ratio = "" if reference is None else f" · {reference / seconds:.1f} × as fast as the SDK"
        print(f"{name:13} {seconds * 1e6:8.0f} µs an order{ratio}")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 2000)
