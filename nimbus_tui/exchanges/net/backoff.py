"""How long to wait before trying again: longer each time, and never in step with others."""

from random import Random

_MOST_DOUBLINGS = 62


class Backoff:
    """Exponential back-off with jitter; waits lie between `first_s` and `most_s` seconds.

    Each wait is drawn evenly from `first_s` up to a ceiling that starts at twice that and doubles
    with each try, so that clients which failed together don't come back together.
    """

    def __init__(self, chance: Random, first_s: float = 0.25, most_s: float = 30.0) -> None:
        if not 0 < first_s <= most_s:
            raise ValueError(f"a back-off from {first_s} s to {most_s} s is none")
        self._chance = chance
        self._first_s = first_s
        self._most_s = most_s
        self._tries = 0

    def next_s(self) -> float:
        """Seconds to wait before the next try."""
        self._tries = min(self._tries + 1, _MOST_DOUBLINGS)
        ceiling = min(self._most_s, self._first_s * 2**self._tries)
        return self._chance.uniform(self._first_s, ceiling)

    def reset(self) -> None:
        """It worked: the next wait is a short one again."""
        self._tries = 0
