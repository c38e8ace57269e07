"""`${VAR}` in a config's texts stands for what the environment says."""

import re
from collections.abc import Mapping

_VARIABLE = re.compile(r"\$\{([^}]*)\}")
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*\Z")


def expanded(text: str, environment: Mapping[str, str]) -> tuple[str, list[str]]:
    """The text with all variables put in, and a sentence about each one that can't be."""
    problems = []

    def value(match: re.Match[str]) -> str:
        name = match[1]
        if not _NAME.match(name):
            problems.append(f"{match[0]} is no variable; write ${{NAME}} with letters, digits, _")
        elif name not in environment:
            problems.append(f"the environment variable {name} is not set; set it, or write a value")
        return environment.get(name, "")

    return _VARIABLE.sub(value, text), problems
