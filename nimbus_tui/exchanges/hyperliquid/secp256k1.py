"""Deterministic recoverable signatures on secp256k1: one interface, two libraries behind it.

Both give the signature of RFC 6979 with a low `s`, so both pass the same vectors. A key is never
shown: neither in a repr, nor in an exception, nor in a pickle. The libraries are imported when a
key is made, since most commands need none.
"""

from typing import Protocol

import msgspec

from nimbus_tui.core.errors import ConfigError
from nimbus_tui.exchanges.hyperliquid.keccak import keccak256

ORDER = 0xFFFFFFFF_FFFFFFFF_FFFFFFFF_FFFFFFFE_BAAEDCE6_AF48A03B_BFD25E8C_D0364141
"""How many points the curve's generator makes."""
_HALF_ORDER = ORDER // 2
_FIELD = 2**256 - 2**32 - 977
_KEY_BYTES = 32


class RawSignature(msgspec.Struct, frozen=True):
    """`r`, `s` ≤ half the order, and the parity (0, 1) that recovers the signer."""

    r: int
    s: int
    parity: int


class Signer(Protocol):
    """A private key that signs digests and tells nothing but its address."""

    @property
    def address(self) -> str:
        """The Ethereum address of the key: `0x` and 40 hex digits in lower case."""
        ...

    def sign_digest(self, digest: bytes) -> RawSignature:
        """Sign 32 bytes; the same bytes always give the same signature."""
        ...


def signer(private_key: str) -> Signer:
    """A signer by the fastest library that is there.

    Raises:
        ConfigError: the text is not a private key; the error doesn't repeat it.
    """
    try:
        return CoincurveSigner(private_key)
    except ImportError:
        return CryptographySigner(private_key)


class _Key:
    """What both signers share: an address, and silence about the rest."""

    address: str

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.address})"

    def __reduce__(self) -> str:
        raise TypeError("a private key is not copied out of its process")


class CoincurveSigner(_Key):
    """Signs with libsecp256k1 through coincurve: about 0.15 ms."""

    def __init__(self, private_key: str) -> None:
        from coincurve import PrivateKey

        self._key = PrivateKey(_secret(private_key).to_bytes(_KEY_BYTES, "big"))
        self.address = address_of(self._key.public_key.format(compressed=False)[1:])

    def sign_digest(self, digest: bytes) -> RawSignature:
        """Sign 32 bytes."""
        signed = self._key.sign_recoverable(digest, hasher=None)
        return RawSignature(
            r=int.from_bytes(signed[:32], "big"),
            s=int.from_bytes(signed[32:64], "big"),
            parity=signed[64] & 1,
        )


class CryptographySigner(_Key):
    """Signs with OpenSSL through cryptography, where coincurve has no wheels: about 1.6 ms.

    OpenSSL doesn't tell the parity. k = s⁻¹(z + r·d) is the nonce that it used, and k·G the point
    whose x is `r`; its y has the parity.
    """

    def __init__(self, private_key: str) -> None:
        from cryptography.hazmat.primitives.asymmetric import ec, utils
        from cryptography.hazmat.primitives.hashes import SHA256

        self._curve = ec.SECP256K1()
        self._derive = ec.derive_private_key
        self._key = ec.derive_private_key(_secret(private_key), self._curve)
        self._algorithm = ec.ECDSA(utils.Prehashed(SHA256()), deterministic_signing=True)
        self._decode = utils.decode_dss_signature
        point = self._key.public_key().public_numbers()
        self.address = address_of(point.x.to_bytes(32, "big") + point.y.to_bytes(32, "big"))

    def sign_digest(self, digest: bytes) -> RawSignature:
        """Sign 32 bytes."""
        r, s = self._decode(self._key.sign(digest, self._algorithm))
        z = int.from_bytes(digest, "big")
        secret = self._key.private_numbers().private_value
        nonce = pow(s, -1, ORDER) * (z + r * secret) % ORDER
        parity = self._derive(nonce, self._curve).public_key().public_numbers().y & 1
        if s > _HALF_ORDER:
            s, parity = ORDER - s, parity ^ 1
        return RawSignature(r=r, s=s, parity=parity)


def address_of(public_key: bytes) -> str:
    """The Ethereum address of a public key (x and y, 64 bytes)."""
    return "0x" + keccak256(public_key)[-20:].hex()


def recovered_address(digest: bytes, signature: RawSignature) -> str | None:
    """Who made a signature, as the venue finds out; None if nobody can have.

    Plain integers: for checks, not for the order path.
    """
    r, s = signature.r, signature.s
    y_squared = (pow(r, 3, _FIELD) + 7) % _FIELD
    y = pow(y_squared, (_FIELD + 1) // 4, _FIELD)
    if not (0 < r < ORDER and 0 < s < ORDER) or y * y % _FIELD != y_squared:
        return None
    if y & 1 != signature.parity:
        y = _FIELD - y
    inverse = pow(r, -1, ORDER)
    z = int.from_bytes(digest, "big")
    of_digest = _times(-z * inverse % ORDER, _GENERATOR)
    point = _plus(of_digest, _times(s * inverse % ORDER, (r, y)))
    if point is None:
        return None
    return address_of(point[0].to_bytes(32, "big") + point[1].to_bytes(32, "big"))


_Point = tuple[int, int] | None
"""A point of the curve; None is the point at infinity."""
_GENERATOR: _Point = (
    0x79BE667E_F9DCBBAC_55A06295_CE870B07_029BFCDB_2DCE28D9_59F2815B_16F81798,
    0x483ADA77_26A3C465_5DA4FBFC_0E1108A8_FD17B448_A6855419_9C47D08F_FB10D4B8,
)


def _plus(one: _Point, other: _Point) -> _Point:
    if one is None or other is None:
        return one or other
    (x1, y1), (x2, y2) = one, other
    if x1 == x2 and (y1 + y2) % _FIELD == 0:
        return None
    if x1 == x2:
        slope = 3 * x1 * x1 * pow(2 * y1, -1, _FIELD)
    else:
        slope = (y2 - y1) * pow(x2 - x1, -1, _FIELD)
    x = (slope * slope - x1 - x2) % _FIELD
    return x, (slope * (x1 - x) - y1) % _FIELD


def _times(factor: int, point: _Point) -> _Point:
    total: _Point = None
    while factor:
        if factor & 1:
            total = _plus(total, point)
        point = _plus(point, point)
        factor >>= 1
    return total


def _secret(private_key: str) -> int:
    digits = private_key.strip().removeprefix("0x")
    try:
        secret = int.from_bytes(bytes.fromhex(digits), "big")
    except ValueError:
        secret = 0
    if len(digits) != 2 * _KEY_BYTES or not 0 < secret < ORDER:
        raise ConfigError("a private key of Hyperliquid is 0x and 64 hex digits") from None
    return secret
