"""What is wrong with a config file: each thing with its place, told once."""

import difflib
from collections.abc import Iterable

from nimbus_tui.config.positions import TOP, Path, Place, dotted, nearest, positions
from nimbus_tui.core.errors import ConfigError
from nimbus_tui.core.problems import ConfigProblem as ConfigProblem
from nimbus_tui.core.redaction import redacted

_MOST_SHOWN = 15
"""How many problems fit on one screen."""


class BadConfig(ConfigError):
    """The file can't be used; `problems` has everything, the text as much as fits on a screen."""

    def __init__(self, problems: list[ConfigProblem]) -> None:
        lines = [str(problem) for problem in problems[:_MOST_SHOWN]]
        if len(problems) > _MOST_SHOWN:
            lines.append(f"… and {len(problems) - _MOST_SHOWN} more: nimbus-tui config check")
        super().__init__("\n".join(lines))
        self.problems = problems


class Findings:
    """Collects the problems of one text; of several about one key only the first is told."""

    def __init__(self, file: str, text: str = "") -> None:
        self._file = file
        self._places = positions(text)
        self._told: set[Path] = set()
        self._problems: list[ConfigProblem] = []

    def say(self, path: Path, message: str) -> None:
        """Tell what is wrong with the key at a path, unless that is known already."""
        if path and path in self._told:
            return
        self.hush(path)
        self.say_at(nearest(self._places, path), dotted(path), message)

    def say_at(self, place: Place, key: str, message: str) -> None:
        """Tell what is wrong at a place."""
        self._problems.append(ConfigProblem(self._file, *place, key, redacted(message)))

    def say_whole(self, message: str) -> None:
        """Tell what is wrong with the file as a whole."""
        self.say_at(TOP, "", message)

    def hush(self, path: Path) -> None:
        """Whatever is said about this key from now on is a consequence of what was said."""
        self._told.add(path)

    def problems(self) -> list[ConfigProblem]:
        """Everything, from the top of the file down."""
        return sorted(self._problems, key=lambda problem: (problem.line, problem.column))


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """The nearest known word as the end of a sentence; empty where none is near."""
    near = nearest_word(word, known)
    return f"; did you mean {near!r}?" if near else ""


def nearest_word(word: str, known: Iterable[str]) -> str | None:
    """The known word that somebody probably meant."""
    near = difflib.get_close_matches(word, list(known), 1)
    return near[0] if near else None
