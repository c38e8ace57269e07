"""How fast the screen may paint: as fast as the terminal says that it has shown what was sent."""

ROWS_AT_ONCE = 24
"""Rows repainted at most each time the clock strikes, so that a key never waits for a flood."""
LEAST_ROWS = 2
"""The same for the slowest terminal."""
SHORT_S = 0.03
"""A paint may keep a link busy for no longer than this: a key's answer waits behind it."""
LEAST_WAIT_S = 0.1
"""A fast terminal whose answer is late is waited for only from here on."""
MOST_WAIT_S = 0.6
"""Paints go on without an answer for no longer than this, however far away the terminal is."""
LOST_AFTER_S = 10.0
"""An answer that hasn't come in so long is lost."""
_BREATHER = 2
"""A slow link is left alone for so many times as long as the last paint has kept it busy."""
_ROUND_TRIPS = 1.5
"""Paints go on while an answer takes no longer than so many times the best one."""
_FORGETTING = 0.02
"""How fast the best answer is forgotten: a link that got longer is no slow terminal for ever."""


class Pace:
    """Counts what was sent since the last question, times the answers, and sizes the paints.

    The terminal is asked where its cursor is, which it answers only after it has shown all that
    came before. Between it and us may stand an SSH connection with megabytes of room, so nothing
    else tells how far behind it is. Nothing is asked while nothing is painted, and a terminal that
    never answers is never waited for.

    A paint that took long halves the next one, one that did not lets it grow by a row. So a slow
    link is never busy for long, and what a key brings soon has it for itself.
    """

    def __init__(self) -> None:
        self._answers = False
        self._unasked = 0
        self._asked_at: float | None = None
        self._best_s = 0.0
        self._rows = ROWS_AT_ONCE
        self._has_painted = False
        self._is_about_paint = False
        """Whether the open question is about a paint, not about a key's answer alone."""
        self._free_until = 0.0
        """Until then a slow link is left alone."""

    @property
    def is_answer_due(self) -> bool:
        """Whether a terminal that does answer still owes one."""
        return self._answers and self._asked_at is not None

    @property
    def rows(self) -> int:
        """How many rows a paint may have."""
        return self._rows

    @property
    def is_slow(self) -> bool:
        """Whether the terminal gets much less than it would be sent."""
        return self._rows <= ROWS_AT_ONCE // 2

    def sent(self, size: int) -> None:
        """So much has gone to the terminal."""
        self._unasked += size

    def painted(self) -> None:
        """As many rows as may be were asked for."""
        self._has_painted = True

    def wants_to_ask(self, now: float) -> bool:
        """Whether the terminal should be asked now (seconds of any steady clock)."""
        if self.is_answer_due and self._waited_s(now) > LOST_AFTER_S:
            self._asked_at = None
        return self._asked_at is None and self._unasked > 0

    def asked(self, now: float) -> None:
        """The question has gone out."""
        self._asked_at, self._unasked = now, 0
        self._is_about_paint, self._has_painted = self._has_painted, False

    def answered(self, now: float) -> None:
        """The terminal has shown everything up to the question."""
        if self._asked_at is None:
            return
        took_s, self._asked_at = self._waited_s(now), None
        if self._answers:
            is_late = took_s > max(self._best_s + SHORT_S, self._best_s * _ROUND_TRIPS)
            rows = self._rows // 2 if is_late else self._rows + self._is_about_paint
            self._rows = max(LEAST_ROWS, min(rows, ROWS_AT_ONCE))
            busy_s = max(0.0, took_s - self._best_s)
            self._free_until = now + min(busy_s * _BREATHER, MOST_WAIT_S) if self.is_slow else now
        slower = self._best_s + (took_s - self._best_s) * _FORGETTING
        self._best_s = slower if self._answers and took_s > self._best_s else took_s
        self._answers = True

    def may_paint(self, now: float) -> bool:
        """Whether another paint now would not only lengthen the queue."""
        if self.is_answer_due:
            return self._waited_s(now) <= self._allowed_s()
        return now >= self._free_until

    def _waited_s(self, now: float) -> float:
        return now - self._asked_at if self._asked_at is not None else 0.0

    def _allowed_s(self) -> float:
        """A slow terminal's answer is always waited for."""
        if self.is_slow:
            return min(self._best_s, MOST_WAIT_S)
        return min(max(LEAST_WAIT_S, self._best_s * _ROUND_TRIPS), MOST_WAIT_S)
