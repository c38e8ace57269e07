"""Ethereum's Keccak-256, which is not the SHA3-256 of the standard library."""


def keccak256(data: bytes) -> bytes:
    """The 32-byte Keccak hash; its library is imported at the first use."""
    from Crypto.Hash import keccak

    return keccak.new(digest_bits=256, data=data).digest()
