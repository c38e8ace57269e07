"""Who has signed an action, found with the libraries of the official SDK."""

import warnings
from typing import Any

import msgspec

from tests.exchanges.hyperliquid.server.actions import USER_SIGNED, Body, Signature

with warnings.catch_warnings():
    # They use what newer Pythons and packages deprecate.
    warnings.simplefilter("ignore")
    from eth_account import Account
    from eth_account.messages import encode_typed_data
    from eth_keys.datatypes import Signature as KeySignature
    from eth_utils.crypto import keccak

DOMAIN = bytes.fromhex("d79297fcdf2ffcd4ae223d01edaa2ba214ff8f401d7c9300d995d17c82aa4040")
AGENT_TYPE = bytes.fromhex("26f05c2f7239b6983075e58321292d77b3aa173d19b27257ac96ab362570f508")
ZERO = "0x" + "0" * 40


class NoSigner(Exception):
    """The signature itself is malformed."""


def l1_signer(action: Any, body: Body, *, mainnet: bool) -> str:
    """The address that has signed an L1 action, from its canonical form.

    Raises:
        NoSigner: nobody can have signed this.
    """
    data = msgspec.msgpack.encode(action) + body.nonce.to_bytes(8, "big")
    vault = body.vaultAddress
    data += b"\0" if vault is None else b"\1" + bytes.fromhex(vault.lower().removeprefix("0x"))
    if body.expiresAfter is not None:
        data += b"\0" + body.expiresAfter.to_bytes(8, "big")
    source = keccak(b"a" if mainnet else b"b")
    digest = keccak(b"\x19\x01" + DOMAIN + keccak(AGENT_TYPE + source + keccak(data)))
    v, r, s = _numbers(body.signature)
    try:
        public = KeySignature(vrs=(v - 27, r, s)).recover_public_key_from_msg_hash(digest)
    except Exception as error:
        raise NoSigner(str(error)) from error
    return str(public.to_address())


def user_signer(body: Body) -> str:
    """The address that has signed a readable action.

    Raises:
        NoSigner: nobody can have signed this.
    """
    name, fields = USER_SIGNED[body.action["type"]]
    typed = [dict(zip(("name", "type"), field.split(":"), strict=True)) for field in fields]
    domain = ["name:string", "version:string", "chainId:uint256", "verifyingContract:address"]
    message = {
        "domain": {
            "name": "HyperliquidSignTransaction",
            "version": "1",
            "chainId": int(body.action["signatureChainId"], 16),
            "verifyingContract": ZERO,
        },
        "types": {
            f"HyperliquidTransaction:{name}": typed,
            "EIP712Domain": [
                dict(zip(("name", "type"), field.split(":"), strict=True)) for field in domain
            ],
        },
        "primaryType": f"HyperliquidTransaction:{name}",
        "message": {field["name"]: body.action[field["name"]] for field in typed},
    }
    try:
        signed = encode_typed_data(full_message=message)
        return str(Account.recover_message(signed, vrs=_numbers(body.signature))).lower()
    except Exception as error:
        raise NoSigner(str(error)) from error


def _numbers(signature: Signature) -> tuple[int, int, int]:
    try:
        return signature.v, int(signature.r, 16), int(signature.s, 16)
    except ValueError as error:
        raise NoSigner(str(error)) from error
