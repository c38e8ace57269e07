"""The same picture in fewer bytes: colours are sent when they change, not with each text."""

import re
from functools import lru_cache
from typing import NamedTuple

_COLOURS = re.compile(r"\x1b\[([\d;]*)m")
_WIDE = {"38": 0, "48": 1}
"""Codes that a colour of several numbers follows."""
_OFF = {
    "1": "22", "2": "22", "3": "23", "4": "24", "21": "24", "5": "25", "7": "27", "8": "28",
    "9": "29", "51": "54", "52": "54", "53": "55",
}  # fmt: skip
"""What ends each of the attributes."""
_ON_BLANKS = frozenset({"4", "21", "7", "9", "51", "52", "53"})
"""Attributes that can be seen where nothing is written: lines, reverse, frames."""
_CACHED = 4096


class Look(NamedTuple):
    """How text looks: the codes of its colours and its attributes."""

    fore: str = "39"
    back: str = "49"
    attributes: frozenset[str] = frozenset()


PLAIN = Look()


def frugal(data: str) -> str:
    """Terminal output that begins and ends plain, without colour codes that change nothing.

    Blanks take on the text colour of their neighbours, which nobody can see.
    """
    first, *rest = _COLOURS.split(data)
    if not rest:
        return data
    now = wanted = PLAIN
    out = [first]
    for codes, text in zip(rest[::2], rest[1::2], strict=True):
        wanted = _after(wanted, codes)
        if not text:
            continue
        look = _for_blanks(now, wanted) if text.isspace() and text.isprintable() else wanted
        if look != now:
            out.append(_between(now, look))
            now = look
        out.append(text)
    if now != wanted:
        out.append(_between(now, wanted))
    return "".join(out)


@lru_cache(_CACHED)
def _after(look: Look, codes: str) -> Look:
    """How text looks after some codes."""
    fore, back, attributes = look
    parts = iter(codes.split(";"))
    for code in parts:
        if code in _WIDE:
            kind = next(parts, "5")
            count = 3 if kind == "2" else 1
            colour = ";".join([code, kind, *(next(parts, "0") for _ in range(count))])
            fore, back = (colour, back) if code == "38" else (fore, colour)
        elif code in ("", "0"):
            fore, back, attributes = PLAIN
        elif code in _OFF:
            attributes |= {code}
        elif code in _OFF.values():
            attributes = frozenset(one for one in attributes if _OFF[one] != code)
        elif _is_fore(code):
            fore = code
        else:
            back = code
    return Look(fore, back, attributes)


def _is_fore(code: str) -> bool:
    return code.isdigit() and (30 <= int(code) <= 39 or 90 <= int(code) <= 97)


def _for_blanks(now: Look, wanted: Look) -> Look:
    """Where nothing is written only the background counts."""
    if (now.attributes | wanted.attributes) & _ON_BLANKS:
        return wanted
    return Look(now.fore, wanted.back, now.attributes)


@lru_cache(_CACHED)
def _between(now: Look, wanted: Look) -> str:
    """The shortest codes that lead from one look to another."""
    if wanted == PLAIN:
        return "\x1b[0m"
    gone = {_OFF[one] for one in now.attributes - wanted.attributes}
    kept = {one for one in wanted.attributes if _OFF[one] not in gone} & now.attributes
    step = [*sorted(gone), *sorted(wanted.attributes - kept)]
    step += [wanted.fore] if wanted.fore != now.fore else []
    step += [wanted.back] if wanted.back != now.back else []
    anew = ["0", *sorted(wanted.attributes)]
    anew += [colour for colour in (wanted.fore, wanted.back) if colour not in ("39", "49")]
    return f"\x1b[{min(';'.join(step), ';'.join(anew), key=len)}m"
