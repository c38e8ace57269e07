"""What must not be told: all secrets in their usual disguises, and what looks like a private key.

A transaction's hash has the form of a private key, so 64 hex digits are kept where a word before
them says that they are a hash. Only words of people pass through here; ids and hashes in the
fields of fills and exports are never touched.
"""

import base64
import json
import re
from collections.abc import Callable, Iterable, Iterator
from urllib.parse import quote, quote_plus

from nimbus_tui.core.secret import HIDDEN, texts_to_hide

SHORTEST_HIDDEN = 4
"""A secret of fewer characters is part of too many words."""

_HASH = r"(?:hash|tx|txid|transaction|digest|checksum|sha-?256)"
_BETWEEN = r"[\"']?\s*[:=]?\s*[\"']?"
_KEYS = (
    re.compile(
        r"-----BEGIN [A-Z ]*PRIVATE KEY-----.*?(?:-----END [A-Z ]*PRIVATE KEY-----|\Z)", re.S
    ),
    re.compile(
        r"(?:private|secret|signing|api|agent)[ _-]?(?:key|secret)"
        rf"{_BETWEEN}(?P<key>[A-Za-z0-9+/_=-]{{32,}})",
        re.I,
    ),
)
_HEX_64 = re.compile(
    rf"(?P<hash>{_HASH}{_BETWEEN})?(?<![0-9a-zA-Z])(?:0x)?[0-9a-f]{{64}}(?![0-9a-z])", re.I
)
_HEX = re.compile(r"(?:0[xX])?(?P<digits>[0-9a-fA-F]{16,})\Z")


class Redactor:
    """Takes out of a text what must not be told; knows secrets made at any time."""

    def __init__(self, texts: Callable[[], frozenset[str]] = texts_to_hide) -> None:
        self._texts = texts
        # Both in one value: threads that see new secrets at once can't mix them up.
        self._compiled: tuple[frozenset[str], re.Pattern[str] | None] = (frozenset(), None)

    def __call__(self, text: str) -> str:
        """The text with `[redacted]` in the place of everything secret."""
        known = self._texts()
        compiled = self._compiled
        if compiled[0] != known:
            compiled = self._compiled = (known, _pattern(known))
        if compiled[1] is not None:
            text = compiled[1].sub(HIDDEN, text)
        for pattern in _KEYS:
            text = pattern.sub(_without_key, text)
        return _HEX_64.sub(_unless_hash, text)


def _without_key(found: re.Match[str]) -> str:
    key = found.groupdict().get("key") or found[0]
    return found[0].replace(key, HIDDEN)


def _unless_hash(found: re.Match[str]) -> str:
    return found[0] if found["hash"] else HIDDEN


def _pattern(texts: Iterable[str]) -> re.Pattern[str] | None:
    """What finds every disguise of every text, the longest first."""
    disguises = {disguise for text in texts for disguise in _disguises(text)}
    found = sorted((d for d in disguises if len(d) >= SHORTEST_HIDDEN), key=len, reverse=True)
    return re.compile("|".join(map(_any_case, found))) if found else None


def _any_case(disguise: str) -> str:
    """Hex digits mean the same in either case; everything else is meant as it is."""
    escaped = re.escape(disguise)
    return f"(?i:{escaped})" if _HEX.match(disguise) else escaped


def _disguises(text: str) -> Iterator[str]:
    """A text as errors, URLs, headers and logs would show it."""
    for form in (text, text.strip()):
        yield from (form, form.lower(), form.upper())
        yield from (json.dumps(form)[1:-1], json.dumps(form, ensure_ascii=False)[1:-1])
        yield from (repr(form)[1:-1], ascii(form)[1:-1])
        yield from (quote(form, safe=""), quote(form), quote_plus(form))
    yield from (line for line in text.splitlines() if len(line.strip()) >= SHORTEST_HIDDEN * 4)
    raw = text.encode("utf-8", "surrogatepass")
    yield from (raw.hex(), repr(raw)[2:-1])
    yield from _base64_forms(raw)
    if found := _HEX.match(text.strip()):
        yield from _hex_forms(found["digits"])


def _hex_forms(digits: str) -> Iterator[str]:
    """A number given in hex: without its prefix or leading zeros, in decimal, as bytes."""
    yield from (digits, digits.lstrip("0"), str(int(digits, 16)))
    if len(digits) % 2 == 0:
        raw = bytes.fromhex(digits)
        yield repr(raw)[2:-1]
        yield from _base64_forms(raw)


def _base64_forms(raw: bytes) -> Iterator[str]:
    """The characters that only depend on these bytes, wherever they stand in what is encoded."""
    for encode in (base64.b64encode, base64.urlsafe_b64encode):
        for offset, lost in ((0, 0), (1, 2), (2, 3)):
            whole = encode(b"\0" * offset + raw).decode()
            kept = len(whole.rstrip("=")) - (1 if whole.endswith("=") else 0)
            yield whole[lost:kept]
