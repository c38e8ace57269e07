"""What people write who don't know TOML, and what it wants instead."""

import re

from nimbus_tui.config.pasted_keys import holds_key

_LONGEST = 60
"""A longer value is not repeated."""
_PAIR = re.compile(r"""\s*(?P<key>[\w."'-]+)\s*(?P<sign>[:=])\s*(?P<value>[^#]*?)\s*(#.*)?$""")
_CURLY = "“”„‘’«»"
_SWITCHES = {"yes": "true", "on": "true", "no": "false", "off": "false"}


def remedy(line: str) -> str:
    """What a line that isn't TOML was probably meant to be, as a sentence; empty if unknown."""
    pair = _PAIR.match(line)
    if pair is None or len(line) > 2 * _LONGEST or holds_key(line):
        return ""
    key, value = pair["key"], pair["value"]
    if not value or len(value) > _LONGEST:
        return ""
    if any(sign in value for sign in _CURLY):
        return f'quotes must be straight ones: write {key} = "{value.strip(_CURLY)}"'
    if pair["sign"] == ":":
        return f"a key and its value stand on either side of =: write {key} = {_plain(value)}"
    meant = _plain(value)
    if meant == value:
        return ""
    return f"{_reason(value, meant)}: write {key} = {meant}"


def number_meant(text: str) -> str:
    """The number that a text in quotes was probably meant to be; empty if it is none."""
    meant = _plain(text.strip())
    return meant if re.fullmatch(r"-?[\d_]+(\.\d+)?", meant) else ""


def _plain(value: str) -> str:
    """A value as TOML writes it."""
    if re.fullmatch(r"-?[1-9]\d{0,2}(,\d{3})+(\.\d+)?", value):
        return value.replace(",", "_")
    if re.fullmatch(r"-?\d+,\d+", value):
        return value.replace(",", ".")
    if number := re.fullmatch(r"[$€]?\s*(-?[\d_]*\.?\d+)\s*[%$€]?", value):
        digits = number[1]
        return f"0{digits}" if digits.startswith(".") else digits
    if value.lower() in ("true", "false"):
        return value.lower()
    if value.lower() in _SWITCHES:
        return _SWITCHES[value.lower()]
    return f'"{value}"' if re.fullmatch(r"[A-Za-z0-9][\w ./:+-]*", value) else value


def _reason(value: str, meant: str) -> str:
    if "," in value and "." in meant and "." not in value:
        return "a number has a point, not a comma"
    if re.search(r"[%$€,]", value):
        return "a number stands without signs"
    if value.lower() in ("true", "false", *_SWITCHES):
        return "a switch is true or false"
    return "text stands in quotes"
