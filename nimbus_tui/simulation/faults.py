"""What can go wrong between an engine and its venue, how often, and a record of when it did."""

from collections import Counter
from enum import Enum
from random import Random

import msgspec


class FaultKind(Enum):
    """One way in which the world fails; the names are those of `simulate --json`."""

    REQUEST_LOST = "request_lost"
    """A request never reaches the venue; the sender times out."""
    ANSWER_LOST = "answer_lost"
    """The venue has done what it was asked; the sender times out."""
    REQUEST_LATE = "request_late"
    """The sender times out, and the request arrives afterwards."""
    REQUEST_TWICE = "request_twice"
    """A request arrives a second time, some seconds later."""
    SERVER_ERROR = "server_error"
    """An answer that says nothing (5xx), whether or not the request was carried out."""
    RATE_LIMITED = "rate_limited"
    """Refused for now (429)."""
    REJECTED = "rejected"
    """Refused for good, for no reason that anybody could have known."""
    SLOW_ANSWER = "slow_answer"
    """The answer comes, but behind the messages that it caused."""
    ANSWER_TWICE = "answer_twice"
    """What the answer said of an order is told again, seconds later, when it is old."""
    READ_FAILED = "read_failed"
    """A look-up or snapshot fails."""
    MESSAGE_LATE = "message_late"
    """A user message is overtaken by later ones."""
    MESSAGE_TWICE = "message_twice"
    MESSAGE_LOST = "message_lost"
    """A user message never comes, on a socket that seems well."""
    MESSAGE_GAP = "message_gap"
    """For some seconds no user message comes, while prices do."""
    SOCKET_DROPPED = "socket_dropped"
    """The connection breaks; what happens until it is back is not told again."""
    SOCKET_DEAD = "socket_dead"
    """Nothing comes any more on a socket that is open; noticed after a while."""
    PARTIAL_FILL = "partial_fill"
    CANCEL_RACE = "cancel_race"
    """A fill overtakes a cancel."""
    FILL_AFTER_CANCEL = "fill_after_cancel"
    """An order fills as it is cancelled, and the fill is shown only after the cancel's answer."""
    BALANCE_LAG = "balance_lag"
    """Balances and positions are shown as they were a moment ago."""
    NOT_FOUND_LIE = "not_found_lie"
    """A look-up doesn't find an order that is there."""
    CLOCK_JUMP = "clock_jump"
    """The engine's clock is set."""
    CRASH = "crash"
    """The engine is gone between any two of its steps."""
    CRASH_WRITING = "crash_writing"
    """The engine is gone in the middle of a journal transaction."""
    POWER_CUT = "power_cut"
    """The engine is gone, and with it what the journal had not synced."""


RATES: dict[FaultKind, float] = {
    FaultKind.REQUEST_LOST: 0.02,
    FaultKind.ANSWER_LOST: 0.03,
    FaultKind.REQUEST_LATE: 0.02,
    FaultKind.REQUEST_TWICE: 0.02,
    FaultKind.SERVER_ERROR: 0.02,
    FaultKind.RATE_LIMITED: 0.02,
    FaultKind.REJECTED: 0.01,
    FaultKind.SLOW_ANSWER: 0.08,
    FaultKind.ANSWER_TWICE: 0.03,
    FaultKind.READ_FAILED: 0.08,
    FaultKind.MESSAGE_LATE: 0.10,
    FaultKind.MESSAGE_TWICE: 0.05,
    FaultKind.MESSAGE_LOST: 0.02,
    FaultKind.MESSAGE_GAP: 0.01,
    FaultKind.SOCKET_DROPPED: 0.006,
    FaultKind.SOCKET_DEAD: 0.004,
    FaultKind.PARTIAL_FILL: 0.25,
    FaultKind.CANCEL_RACE: 0.05,
    FaultKind.FILL_AFTER_CANCEL: 0.08,
    FaultKind.BALANCE_LAG: 0.10,
    FaultKind.NOT_FOUND_LIE: 0.15,
    FaultKind.CLOCK_JUMP: 0.004,
    FaultKind.CRASH: 0.0003,
    FaultKind.CRASH_WRITING: 0.00004,
    FaultKind.POWER_CUT: 0.00015,
}
"""How often a fault happens where it can: per request, message, look-up or tick; a crash or power
cut per round of the event loop, a death in writing per statement of the journal."""


class FaultPlan(msgspec.Struct, frozen=True, kw_only=True):
    """Which faults a world has; `intensity` multiplies all rates."""

    kinds: frozenset[FaultKind] = frozenset(FaultKind)
    intensity: float = 1.0


class Fate:
    """Decides by seeded chance, and counts what it decided."""

    def __init__(self, plan: FaultPlan, chance: Random) -> None:
        self._plan = plan
        self.chance = chance
        self.counts: Counter[FaultKind] = Counter()
        self.calm = False
        """Nothing fails any more."""

    def strikes(self, kind: FaultKind, *, only_if: bool = True) -> bool:
        """Whether a fault happens now, where it can.

        Chance is drawn in any case, so that a world without one kind of fault stays alike.
        """
        drawn = self.chance.random()
        if self.calm or kind not in self._plan.kinds or not only_if:
            return False
        if drawn >= RATES[kind] * self._plan.intensity:
            return False
        self.counts[kind] += 1
        return True

    def steps_until(self, kind: FaultKind) -> int | None:
        """After how many steps a fault will happen, each step as likely as any; None: never.

        Count it with `struck` when it happens.
        """
        drawn = self.chance.expovariate(1.0)
        rate = RATES[kind] * self._plan.intensity
        if self.calm or kind not in self._plan.kinds or rate <= 0:
            return None
        return 1 + int(drawn / rate)

    def struck(self, kind: FaultKind) -> None:
        """A fault that was drawn before has happened."""
        self.counts[kind] += 1

    def between(self, low: float, high: float) -> float:
        """Some number of seconds."""
        return self.chance.uniform(low, high)
