"""Hashes and signatures of random actions are those of the venue's own SDK, byte for byte.

`NIMBUS_ACTIONS` says how many are hashed (400); a tenth as many are signed and their signer found.
"""

import os
import warnings
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nimbus_tui.exchanges.hyperliquid import wire_actions as w
from nimbus_tui.exchanges.hyperliquid.secp256k1 import RawSignature, recovered_address, signer
from nimbus_tui.exchanges.hyperliquid.signing import Network, action_hash, agent_digest, sign_action

with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    sdk = pytest.importorskip("hyperliquid.utils.signing")
    eth_account = pytest.importorskip("eth_account")

KEY = "0x" + "0123456789" * 6 + "0123"
ACTIONS = int(os.environ.get("NIMBUS_ACTIONS", "400"))

numbers = st.decimals("0.00000001", 10**6, places=8).map(lambda n: sdk.float_to_wire(float(n)))
assets = st.one_of(st.integers(0, 300), st.integers(10_000, 10_999), st.integers(110_000, 130_000))
cloids = st.binary(min_size=16, max_size=16).map(lambda raw: "0x" + raw.hex())
times = st.integers(0, 2**43)
addresses = st.binary(min_size=20, max_size=20).map(lambda raw: "0x" + raw.hex())
limits = st.sampled_from(["Alo", "Ioc", "Gtc"]).map(lambda tif: w.Kind(limit=w.Limit(tif)))
triggers = st.builds(
    lambda market, price, what: w.Kind(trigger=w.Trigger(market, price, what)),
    st.booleans(),
    numbers,
    st.sampled_from(["tp", "sl"]),
)
orders = st.builds(
    w.Order,
    a=assets,
    b=st.booleans(),
    p=numbers,
    s=numbers,
    r=st.booleans(),
    t=limits | triggers,
    c=st.just(msgspec.UNSET) | cloids,
)


def some(item: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    return st.lists(item, min_size=1, max_size=5).map(tuple)


actions: st.SearchStrategy[Any] = st.one_of(
    st.builds(w.OrderAction, some(orders), st.sampled_from(["na", "normalTpsl", "positionTpsl"])),
    st.builds(w.CancelAction, some(st.builds(w.Cancel, assets, st.integers(0, 2**50)))),
    st.builds(w.CancelByCloidAction, some(st.builds(w.CancelByCloid, assets, cloids))),
    st.builds(
        w.BatchModifyAction,
        some(st.builds(w.Modify, st.integers(0, 2**50) | cloids, orders)),
    ),
    st.builds(w.ScheduleCancelAction, st.just(msgspec.UNSET) | times),
    st.builds(w.UpdateLeverageAction, assets, st.booleans(), st.integers(1, 50)),
    st.builds(w.UpdateIsolatedMarginAction, assets, st.booleans(), st.integers(-(2**40), 2**40)),
)


@settings(max_examples=ACTIONS, deadline=None)
@given(actions, times, st.none() | addresses, st.none() | times)
def test_every_action_hashes_as_in_the_sdk(
    action: Any, nonce: int, vault: str | None, expires: int | None
) -> None:
    theirs = sdk.action_hash(msgspec.to_builtins(action), vault, nonce, expires)
    assert theirs == action_hash(action, nonce, vault, expires)


@settings(max_examples=ACTIONS // 10, deadline=None)
@given(actions, times, st.none() | addresses, st.none() | times, st.sampled_from(list(Network)))
def test_every_action_is_signed_as_in_the_sdk(
    action: Any, nonce: int, vault: str | None, expires: int | None, network: Network
) -> None:
    wallet = eth_account.Account.from_key(KEY)
    theirs = sdk.sign_l1_action(
        wallet, msgspec.to_builtins(action), vault, nonce, expires, network is Network.MAINNET
    )
    ours = sign_action(
        action, signer(KEY), network, nonce=nonce, vault_address=vault, expires_after=expires
    ).signature
    signature = as_numbers(ours.r, ours.s, ours.v)
    assert as_numbers(theirs["r"], theirs["s"], theirs["v"]) == signature
    digest = agent_digest(action_hash(action, nonce, vault, expires), network)
    assert recovered_address(digest, signature) == wallet.address.lower()


def as_numbers(r: str, s: str, v: int) -> RawSignature:
    return RawSignature(int(r, 16), int(s, 16), v - 27)


def test_our_action_of_an_order_is_the_sdks() -> None:
    request = {
        "coin": "ETH",
        "is_buy": True,
        "sz": 0.0147,
        "limit_px": 1670.1,
        "reduce_only": False,
        "order_type": {"limit": {"tif": "Ioc"}},
        "cloid": None,
    }
    theirs = sdk.order_wires_to_order_action([sdk.order_request_to_order_wire(request, 4)], None)
    order = w.Order(4, True, "1670.1", "0.0147", False, w.Kind(limit=w.Limit("Ioc")))
    assert msgspec.json.encode(theirs) == msgspec.json.encode(w.OrderAction((order,)))
