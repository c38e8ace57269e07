"""`[ui.keys]`: which keys an action gets; what can't be pressed, or is given twice, is told."""

import re
from collections.abc import Mapping

from nimbus_tui.config.actions import ACTIONS, can_meet
from nimbus_tui.config.problems import Findings, did_you_mean

_PATH = ("ui", "keys")
_NAMED = (
    "enter", "escape", "space", "tab", "backspace", "delete", "insert", "home", "end", "pageup",
    "pagedown", "up", "down", "left", "right",
)  # fmt: skip
_NAME = "|".join((*_NAMED, "f(?:[1-9]|1[0-9]|2[0-4])"))
_KEY = re.compile(rf"(?:(?:ctrl\+)?(?:shift\+)?(?:{_NAME})|ctrl\+[a-z])\Z")
_SAME = {"ctrl+i": "tab", "ctrl+m": "enter", "ctrl+j": "enter", "ctrl+h": "backspace"}
"""What a terminal makes of some keys."""


def keys_of(given: Mapping[str, str], findings: Findings) -> dict[str, str]:
    """The keys by action, a comma between them; what is wrong is in the findings."""
    known = {action.id: action.keys for action in ACTIONS}
    read: dict[str, str] = {}
    for name, text in given.items():
        if name not in known:
            near = did_you_mean(name, known) or ";"
            findings.say(
                (*_PATH, name), f"there is no action {name!r}{near} there are: {', '.join(known)}"
            )
            continue
        keys = [part.strip() for part in text.split(",") if part.strip()]
        problem = "; ".join(filter(None, (_problem(key) for key in keys)))
        if not keys:
            problem = "give at least one key, like 'f5' or 'p,f5'"
        if problem:
            findings.say((*_PATH, name), problem)
        else:
            read[name] = ",".join(dict.fromkeys(keys))
    _tell_twice(known, read, findings)
    return read


def _problem(key: str) -> str:
    if key in _SAME:
        return f"a terminal can't tell {key} from {_SAME[key]}; take another key"
    if len(key) == 1 and key.isprintable():
        return ""
    if _KEY.match(key):
        return ""
    named = ", ".join(_NAMED)
    return (
        f"{key!r} is no key; write one character, f1 to f24, ctrl+LETTER, or one of {named}, "
        "with ctrl+ or shift+ before it"
    )


def _tell_twice(known: Mapping[str, str], given: Mapping[str, str], findings: Findings) -> None:
    owners: dict[str, list[str]] = {}
    for name, keys in {**known, **given}.items():
        for key in keys.split(","):
            others = owners.setdefault(key, [])
            other = next((one for one in others if can_meet(one, name)), None)
            others.append(name)
            if other is None:
                continue
            told, rest = (name, other) if name in given else (other, name)
            findings.say(
                (*_PATH, told), f"{key!r} is a key of {rest} too; give one of them another key"
            )
