"""Signatures equal the venue's own vectors, by both libraries, and name their signer."""

import json
import pickle
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nimbus_tui.core.errors import ConfigError
from nimbus_tui.exchanges.hyperliquid import secp256k1, signing
from nimbus_tui.exchanges.hyperliquid.secp256k1 import (
    ORDER,
    CoincurveSigner,
    CryptographySigner,
    RawSignature,
    Signer,
    recovered_address,
)
from nimbus_tui.exchanges.hyperliquid.signing import Network, canonical_address
from nimbus_tui.exchanges.hyperliquid.wire_actions import (
    L1Action,
    NoopAction,
    UsdClassTransferAction,
    UserAction,
)

VECTORS: list[dict[str, Any]] = json.loads(
    Path(__file__).with_name("signing_vectors.json").read_text()
)
L1_VECTORS = [vector for vector in VECTORS if vector["kind"] == "l1"]
USER_VECTORS = [vector for vector in VECTORS if vector["kind"] != "l1"]
NOT_OURS = {"dummy, vault", "two orders with builder, expiresAfter"}
"""Vectors of actions that we don't offer: signed as plain maps."""
KEY = "0x" + "0123456789" * 6 + "0123"
ADDRESS = "0x14791697260e4c9a71f18484c9f997b308e59325"
HAS_COINCURVE = find_spec("coincurve") is not None
SIGNERS = (CoincurveSigner, CryptographySigner) if HAS_COINCURVE else (CryptographySigner,)

by_name = pytest.mark.parametrize("vector", L1_VECTORS, ids=lambda vector: vector["name"])
both_signers = pytest.mark.parametrize("signer_type", SIGNERS)
both_networks = pytest.mark.parametrize("network", list(Network))


def typed(vector: dict[str, Any]) -> Any:
    """The action as our Struct, so that the order of its fields is what is tested."""
    if vector["name"] in NOT_OURS:
        return vector["action"]
    return msgspec.convert(vector["action"], L1Action)


def expected(vector: dict[str, Any], network: Network) -> RawSignature:
    signature = vector["signatures"][network.value.lower()]
    return RawSignature(int(signature["r"], 16), int(signature["s"], 16), signature["v"] - 27)


def test_all_vectors_are_here() -> None:
    assert (len(L1_VECTORS), len(USER_VECTORS)) == (13, 2)


@by_name
def test_an_action_encodes_and_hashes_as_the_venue_does(vector: dict[str, Any]) -> None:
    action = typed(vector)
    assert vector["msgpack"] == msgspec.msgpack.encode(action).hex()
    hashed = signing.action_hash(
        action, vector["nonce"], vector.get("vaultAddress"), vector.get("expiresAfter")
    )
    assert vector["actionHash"] == "0x" + hashed.hex()


@by_name
@both_signers
@both_networks
def test_an_l1_action_is_signed_as_in_the_vector(
    vector: dict[str, Any], signer_type: type[Signer], network: Network
) -> None:
    signer = signer_type(vector["key"])
    digest = signing.agent_digest(bytes.fromhex(vector["actionHash"][2:]), network)
    assert expected(vector, network) == signer.sign_digest(digest)
    assert signer.address == recovered_address(digest, expected(vector, network))


@pytest.mark.parametrize("vector", USER_VECTORS, ids=lambda vector: vector["name"])
@both_signers
@both_networks
def test_a_user_signed_action_is_signed_as_in_the_vector(
    vector: dict[str, Any], signer_type: type[Signer], network: Network
) -> None:
    action = msgspec.convert(vector["action"], UserAction)
    signer = signer_type(vector["key"])
    assert expected(vector, network) == signer.sign_digest(signing.user_digest(action, network))


@both_networks
def test_the_body_holds_what_was_hashed(network: Network) -> None:
    vector = next(one for one in L1_VECTORS if one["name"].startswith("batchModify"))
    body = msgspec.json.encode(
        signing.sign_action(
            typed(vector),
            secp256k1.signer(vector["key"]),
            network,
            nonce=vector["nonce"],
            vault_address=vector["vaultAddress"].upper().replace("0X", "0x"),
            expires_after=vector["expiresAfter"],
        )
    )
    sent = json.loads(body)
    signature = sent.pop("signature")
    assert sent == {
        name: vector[name] for name in ("action", "nonce", "vaultAddress", "expiresAfter")
    }
    wanted = expected(vector, network)
    assert (wanted.r, wanted.s) == (int(signature["r"], 16), int(signature["s"], 16))
    assert (len(signature["r"]), len(signature["s"])) == (66, 66)
    assert wanted.parity + 27 == signature["v"]


def test_a_user_signed_body_names_its_chain_and_network() -> None:
    action = UsdClassTransferAction(amount="12.5", toPerp=True, nonce=1790000000129)
    body = json.loads(
        msgspec.json.encode(
            signing.sign_user_action(action, secp256k1.signer(KEY), Network.TESTNET)
        )
    )
    assert body["action"] == {
        "type": "usdClassTransfer",
        "amount": "12.5",
        "toPerp": True,
        "nonce": 1790000000129,
        "signatureChainId": "0x66eee",
        "hyperliquidChain": "Testnet",
    }
    assert (
        body["nonce"],
        body["vaultAddress"],
        body["expiresAfter"],
    ) == (1790000000129, None, None)


def test_the_domains_are_the_published_ones() -> None:
    exchange = "d79297fcdf2ffcd4ae223d01edaa2ba214ff8f401d7c9300d995d17c82aa4040"
    user = "feb1393ca4412a4ca577bd51d04f0a77033514c602f4d0a11490fb95f7428df6"
    assert exchange == signing.domain_separator("Exchange", 1337).hex()
    assert user == signing.domain_separator("HyperliquidSignTransaction", 0x66EEE).hex()


keys = st.integers(1, ORDER - 1).map(lambda secret: f"{secret:064x}")


@pytest.mark.skipif(not HAS_COINCURVE, reason="coincurve has no wheels for this Python")
@settings(max_examples=60, deadline=None)
@given(keys, st.binary(min_size=32, max_size=32))
def test_both_signers_agree_and_the_signer_is_recovered(key: str, digest: bytes) -> None:
    fast, slow = CoincurveSigner(key), CryptographySigner(key)
    signature = fast.sign_digest(digest)
    assert signature == slow.sign_digest(digest)
    assert signature.s <= ORDER // 2
    assert fast.address == slow.address == recovered_address(digest, signature)


@pytest.mark.parametrize("signature", [(0, 1, 0), (1, 0, 0), (ORDER, 1, 1), (5, 1, 0)])
def test_what_nobody_can_have_signed_has_no_signer(signature: tuple[int, int, int]) -> None:
    assert recovered_address(b"\x01" * 32, RawSignature(*signature)) is None


def test_another_digest_has_another_signer() -> None:
    signature = secp256k1.signer(KEY).sign_digest(b"\x01" * 32)
    assert recovered_address(b"\x01" * 32, signature) == ADDRESS
    assert recovered_address(b"\x02" * 32, signature) != ADDRESS


@both_signers
def test_a_key_is_never_shown(signer_type: type[Signer]) -> None:
    signer = signer_type(KEY)
    assert f"{signer_type.__name__}({ADDRESS})" == repr(signer) == str(signer)
    with pytest.raises(TypeError) as refused:
        pickle.dumps(signer)
    assert KEY[2:] not in str(refused.value)


@both_signers
@pytest.mark.parametrize(
    "key", ["", "0x", "0" * 64, f"{ORDER:064x}", KEY + "0", KEY[:-1], "g" * 64, KEY[2:] + " 0"]
)
def test_a_wrong_key_is_refused_without_repeating_it(signer_type: type[Signer], key: str) -> None:
    with pytest.raises(ConfigError) as refused:
        signer_type(key)
    assert str(refused.value) == "a private key of Hyperliquid is 0x and 64 hex digits"
    assert refused.value.__cause__ is None
    assert refused.value.__suppress_context__


def test_without_coincurve_the_other_library_signs(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "coincurve", None)
    assert isinstance(secp256k1.signer(KEY), CryptographySigner)


@pytest.mark.parametrize("address", ["", "0x12", ADDRESS[2:], ADDRESS + "0", "0x" + "g" * 40])
def test_what_is_no_address_is_refused(address: str) -> None:
    with pytest.raises(ConfigError, match="40 hex digits"):
        canonical_address(address)


def test_a_noop_has_its_type_only() -> None:
    assert msgspec.json.encode(NoopAction()) == b'{"type":"noop"}'


def test_no_library_is_imported_before_a_key_is_made() -> None:
    script = (
        "import sys, importlib, pkgutil, nimbus_tui.exchanges.hyperliquid as room\n"
        "for m in pkgutil.iter_modules(room.__path__, room.__name__ + '.'):\n"
        "    importlib.import_module(m.name)\n"
        "print('\\n'.join({name.partition('.')[0] for name in sys.modules}))"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True
    )
    brought = set(done.stdout.split())
    crypto = {"coincurve", "Crypto", "cryptography"}
    assert brought & (crypto | {"aiohttp", "websockets"}) == set()
