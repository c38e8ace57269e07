"""The bytes of a vault: secrets under a passphrase by scrypt (RFC 7914) and AES-256-GCM.

The file is one line of JSON. Its header (format, version, scrypt's parameters, nonce) is
authenticated with the secrets. A checksum over everything tells a damaged file from a wrong
passphrase before anything is computed; against somebody who changes both, GCM's tag stands. Only
the exact bytes that were written are accepted.
"""

import hashlib
import os
import unicodedata
from collections.abc import Mapping
from typing import Literal

import msgspec

from nimbus_tui.core.errors import VaultError, WrongPassphrase

FORMAT = "nimbus-tui vault"
VERSION = 1

_KEY_BYTES = 32
_SALT_BYTES = 16
_NONCE_BYTES = 12
_PADDED_TO = 512
"""The size of a file tells little about what is in it."""


class Cost(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What scrypt takes: 128 · n · r bytes of memory, p times the time."""

    n: int
    r: int
    p: int


STRONG = Cost(n=2**17, r=8, p=1)
"""128 MiB and about half a second for each guess."""

_N = range(2**14, 2**19 + 1)
_R = range(8, 9)
_P = range(1, 5)
"""What a file may ask for: up to 512 MiB, so that a forged one can't exhaust the machine."""


class _Kdf(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    name: Literal["scrypt"]
    cost: Cost
    salt: bytes


class _Header(msgspec.Struct, frozen=True):
    """What is authenticated but readable."""

    format: str
    version: int
    kdf: _Kdf
    cipher: Literal["AES-256-GCM"]
    nonce: bytes


class _Sealed(_Header, frozen=True, forbid_unknown_fields=True):
    secrets: bytes
    checksum: str = ""


class _Kind(msgspec.Struct, frozen=True):
    """As much as every version has."""

    format: str
    version: int


def seal(secrets: Mapping[str, str], passphrase: str, cost: Cost = STRONG) -> bytes:
    """The bytes of a vault with these secrets, under a fresh salt and nonce.

    Raises:
        VaultError: scrypt can't have its memory.
    """
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM

    header = _Header(
        format=FORMAT,
        version=VERSION,
        kdf=_Kdf("scrypt", cost, os.urandom(_SALT_BYTES)),
        cipher="AES-256-GCM",
        nonce=os.urandom(_NONCE_BYTES),
    )
    plain = msgspec.json.encode(dict(secrets))
    plain = plain.ljust(-(-len(plain) // _PADDED_TO) * _PADDED_TO)
    hidden = AESGCM(_key(passphrase, header.kdf)).encrypt(
        header.nonce, plain, msgspec.json.encode(header)
    )
    sealed = _Sealed(**msgspec.structs.asdict(header), secrets=hidden)
    return _line(msgspec.structs.replace(sealed, checksum=_checksum(sealed)))


def examine(raw: bytes) -> None:
    """See whether bytes are a whole vault of this version, without opening it.

    Raises:
        VaultError: they are not.
    """
    _read(raw)


def unseal(raw: bytes, passphrase: str) -> dict[str, str]:
    """The secrets in the bytes of a vault.

    Raises:
        WrongPassphrase: it doesn't open them.
        VaultError: they are no vault, damaged, of another version, or ask for too much.
    """
    from cryptography.exceptions import InvalidTag
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM

    sealed = _read(raw)
    header = _header_of(sealed)
    try:
        plain = AESGCM(_key(passphrase, header.kdf)).decrypt(
            header.nonce, sealed.secrets, msgspec.json.encode(header)
        )
    except InvalidTag as error:
        raise WrongPassphrase(
            "the passphrase does not open it: it is another one, or somebody has changed the file"
        ) from error
    try:
        return msgspec.json.decode(plain, type=dict[str, str])
    except msgspec.DecodeError:
        # Without its cause, whose traceback could hold what was decoded.
        raise VaultError("what it holds can't be read") from None


def _read(raw: bytes) -> _Sealed:
    try:
        kind = msgspec.json.decode(raw, type=_Kind)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise VaultError(f"it is damaged, or no vault: {error}") from error
    if kind.format != FORMAT:
        raise VaultError("it is no vault of nimbus-tui")
    if kind.version != VERSION:
        raise VaultError(
            f"it has the version {kind.version}, and this nimbus-tui reads {VERSION}; "
            "use the nimbus-tui that wrote it"
        )
    try:
        sealed = msgspec.json.decode(raw, type=_Sealed)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise VaultError(f"it is damaged: {error}") from error
    if _line(sealed) != raw or sealed.checksum != _checksum(sealed):
        raise VaultError("it is damaged: its checksum is another one; restore it from a copy")
    _check_cost(sealed)
    return sealed


def _check_cost(sealed: _Sealed) -> None:
    cost = sealed.kdf.cost
    if cost.n not in _N or cost.n.bit_count() != 1 or cost.r not in _R or cost.p not in _P:
        raise VaultError(
            f"it asks for scrypt with n={cost.n}, r={cost.r}, p={cost.p}; allowed: n a power of "
            f"two from {_N[0]} to {_N[-1]}, r={_R[0]}, p from {_P[0]} to {_P[-1]}"
        )
    if len(sealed.kdf.salt) != _SALT_BYTES or len(sealed.nonce) != _NONCE_BYTES:
        raise VaultError("it is damaged: its salt or nonce has another length")


def _key(passphrase: str, kdf: _Kdf) -> bytes:
    from cryptography.hazmat.primitives.kdf.scrypt import Scrypt

    # One keyboard sends é as one character, another as two.
    typed = unicodedata.normalize("NFC", passphrase).encode("utf-8", "surrogatepass")
    cost = kdf.cost
    try:
        return Scrypt(kdf.salt, _KEY_BYTES, cost.n, cost.r, cost.p).derive(typed)
    except MemoryError as error:
        needed = 128 * cost.n * cost.r // 2**20
        raise VaultError(f"opening it takes {needed} MiB of memory, more than there is") from error


def _header_of(sealed: _Sealed) -> _Header:
    return _Header(sealed.format, sealed.version, sealed.kdf, sealed.cipher, sealed.nonce)


def _checksum(sealed: _Sealed) -> str:
    return hashlib.sha256(_line(msgspec.structs.replace(sealed, checksum=""))).hexdigest()


def _line(sealed: _Sealed) -> bytes:
    return msgspec.json.encode(sealed) + b"\n"
