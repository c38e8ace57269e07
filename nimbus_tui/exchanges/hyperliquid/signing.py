"""From an action to the signed body of `POST /exchange`.

Source: the protocol reference, "Signing". The venue decodes the body into structs of its own and
encodes them again before it hashes, so what is hashed here must be the canonical form: fields in
order, numbers without trailing zeros, addresses and cloids in lower case, no nulls.
"""

import re
from enum import Enum
from functools import cache

import msgspec

from nimbus_tui.core.errors import ConfigError
from nimbus_tui.exchanges.hyperliquid.keccak import keccak256
from nimbus_tui.exchanges.hyperliquid.secp256k1 import RawSignature, Signer
from nimbus_tui.exchanges.hyperliquid.wire_actions import (
    ApproveAgentAction,
    L1Action,
    Signature,
    Signed,
    UsdClassTransferAction,
    UserAction,
)

_L1_CHAIN = 1337
SIGNATURE_CHAIN = 0x66EEE
"""The chain named in user-signed actions; any would do, this is what the official SDK sends."""
_ADDRESS = re.compile(r"0x[0-9a-f]{40}")


class Network(Enum):
    """Which Hyperliquid; an action that is signed for one means nothing on the other."""

    MAINNET = "Mainnet"
    TESTNET = "Testnet"

    @property
    def source(self) -> str:
        """The word of the network in the phantom agent."""
        return "a" if self is Network.MAINNET else "b"


def canonical_address(address: str) -> str:
    """An address as it is hashed: in lower case.

    Raises:
        ConfigError: it is not `0x` and 40 hex digits.
    """
    lowered = address.lower()
    if _ADDRESS.fullmatch(lowered) is None:
        raise ConfigError(f"{address!r} is not an address: 0x and 40 hex digits")
    return lowered


def action_hash(
    action: L1Action | dict[str, object],
    nonce: int,
    vault_address: str | None = None,
    expires_after: int | None = None,
) -> bytes:
    """The `connectionId` of an L1 action: what the phantom agent vouches for."""
    data = bytearray(msgspec.msgpack.encode(action))
    data += nonce.to_bytes(8, "big")
    if vault_address is None:
        data += b"\x00"
    else:
        data += b"\x01" + bytes.fromhex(canonical_address(vault_address)[2:])
    if expires_after is not None:
        data += b"\x00" + expires_after.to_bytes(8, "big")
    return keccak256(bytes(data))


def agent_digest(connection_id: bytes, network: Network) -> bytes:
    """The EIP-712 digest of the phantom agent: what is signed for an L1 action."""
    struct = keccak256(
        _type_hash("Agent(string source,bytes32 connectionId)")
        + keccak256(network.source.encode())
        + connection_id
    )
    return keccak256(b"\x19\x01" + domain_separator("Exchange", _L1_CHAIN) + struct)


def user_digest(action: UserAction, network: Network) -> bytes:
    """The EIP-712 digest of a user-signed action."""
    chain = keccak256(network.value.encode())
    match action:
        case UsdClassTransferAction(amount, to_perp, nonce):
            kind = "UsdClassTransfer"
            fields = "string amount,bool toPerp,uint64 nonce"
            values = keccak256(amount.encode()) + _uint(int(to_perp)) + _uint(nonce)
        case ApproveAgentAction(address, agent_name, nonce):
            kind = "ApproveAgent"
            fields = "address agentAddress,string agentName,uint64 nonce"
            agent = bytes.fromhex(canonical_address(address)[2:])
            values = agent.rjust(32, b"\x00") + keccak256(agent_name.encode()) + _uint(nonce)
    type_hash = _type_hash(f"HyperliquidTransaction:{kind}(string hyperliquidChain,{fields})")
    domain = domain_separator("HyperliquidSignTransaction", SIGNATURE_CHAIN)
    return keccak256(b"\x19\x01" + domain + keccak256(type_hash + chain + values))


def sign_action(
    action: L1Action,
    signer: Signer,
    network: Network,
    *,
    nonce: int,
    vault_address: str | None = None,
    expires_after: int | None = None,
) -> Signed:
    """The body of an L1 action; `expires_after` in ms, `vault_address` also of a sub-account."""
    vault = None if vault_address is None else canonical_address(vault_address)
    connection_id = action_hash(action, nonce, vault, expires_after)
    signature = signer.sign_digest(agent_digest(connection_id, network))
    body = msgspec.Raw(msgspec.json.encode(action))
    return Signed(body, nonce, wire_signature(signature), vault, expires_after)


def sign_user_action(action: UserAction, signer: Signer, network: Network) -> Signed:
    """The body of a user-signed action; its own nonce is the outer one too."""
    signature = signer.sign_digest(user_digest(action, network))
    names = {"signatureChainId": hex(SIGNATURE_CHAIN), "hyperliquidChain": network.value}
    body = msgspec.json.encode({**msgspec.to_builtins(action), **names})
    return Signed(msgspec.Raw(body), action.nonce, wire_signature(signature))


def wire_signature(signature: RawSignature) -> Signature:
    """A signature as it is sent."""
    return Signature(r=f"0x{signature.r:064x}", s=f"0x{signature.s:064x}", v=27 + signature.parity)


@cache
def domain_separator(name: str, chain_id: int) -> bytes:
    """The EIP-712 domain of one of the two schemes; version 1, no contract."""
    kind = "EIP712Domain(string name,string version,uint256 chainId,address verifyingContract)"
    return keccak256(
        keccak256(kind.encode())
        + keccak256(name.encode())
        + keccak256(b"1")
        + _uint(chain_id)
        + _uint(0)
    )


@cache
def _type_hash(signature: str) -> bytes:
    return keccak256(signature.encode())


def _uint(number: int) -> bytes:
    return number.to_bytes(32, "big")
