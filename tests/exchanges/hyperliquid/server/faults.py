"""What goes wrong with requests and sockets: as a test has asked for, or by seeded chance."""

from collections import Counter
from collections.abc import Collection
from dataclasses import dataclass
from enum import Enum
from random import Random


class Fault(Enum):
    """What happens to one request, and whether it was carried out (`after`) or not (`before`)."""

    CUT_BEFORE = "cut before"
    """The connection breaks before anything was done."""
    CUT_AFTER = "cut after"
    """It was done; the connection breaks instead of an answer."""
    HANG_BEFORE = "hang before"
    """Nothing was done and no answer comes."""
    HANG_AFTER = "hang after"
    """It was done and no answer comes."""
    SLOW = "slow"
    """It is done only after a while."""
    LATE = "late"
    """It is done, the streams tell it, and the answer comes after a while."""
    LATE_EVENTS = "late events"
    """It is done and answered, and the streams tell it after a while."""
    BUSY = "429"
    """429 with `null`; nothing was done."""
    BUSY_AFTER = "429 after"
    """429 with `null`, and yet it was done."""
    ERROR = "500"
    """500; nothing was done."""
    HTML_BEFORE = "502 before"
    """A page of HTML with 502; nothing was done."""
    HTML_AFTER = "502 after"
    """A page of HTML with 502; it was done."""
    NULL = "null"
    """200 with `null`; it was done."""
    GARBAGE = "garbage"
    """200 with text that isn't JSON; it was done."""
    TRUNCATED = "truncated"
    """200 with half of the answer; it was done."""
    DUPLICATE = "duplicate"
    """It arrives twice; the first copy's answer comes."""
    DUPLICATE_LAST = "duplicate, last answer"
    """It arrives twice; the second copy's answer comes."""


class SocketFault(Enum):
    """What happens to WebSockets."""

    DROP = "drop"
    """Broken off without a word."""
    CLOSE = "close"
    """Closed properly."""
    DEAD = "dead"
    """Open, and nothing is sent any more, not even a pong."""
    MUTE_USER = "mute user"
    """Nothing is sent of orders and fills; the market goes on."""
    MUTE_MARKET = "mute market"
    """Nothing is sent of the market; orders and fills go on."""
    MUTE_CHANNEL = "mute channel"
    """Nothing is sent on one channel; all others go on."""
    GARBAGE = "garbage frame"
    """A frame is replaced by something that isn't JSON."""
    TRUNCATED = "truncated frame"
    """A frame ends in the middle."""
    TWICE = "frame twice"
    """A frame comes twice."""
    REFUSE = "refuse"
    """No new sockets are let in."""


BEFORE = frozenset(
    {Fault.CUT_BEFORE, Fault.HANG_BEFORE, Fault.BUSY, Fault.ERROR, Fault.HTML_BEFORE}
)
"""Those that leave nothing done."""
BY_CHANCE = frozenset(SocketFault) - {SocketFault.MUTE_CHANNEL}
"""Those that need no more to be said."""
FRAME_FAULTS = frozenset({SocketFault.GARBAGE, SocketFault.TRUNCATED, SocketFault.TWICE})


@dataclass
class Script:
    """The next requests of a kind meet a fault."""

    fault: Fault
    on: str
    """`exchange`, `info`, `post`, or the type of an action or question; `any` is all."""
    times: int
    seconds: float


@dataclass(frozen=True)
class Met:
    """The fault that a request meets, and how long it takes."""

    fault: Fault
    seconds: float


class Faults:
    """Decides what goes wrong, and counts what did."""

    def __init__(self) -> None:
        self.happened: Counter[Fault | SocketFault] = Counter()
        self._scripts: list[Script] = []
        self._rate = 0.0
        self._chance = Random(0)
        self._by_chance: list[Fault] = []
        self._on: frozenset[str] = frozenset()
        self._seconds = (0.05, 1.5)

    def script(self, fault: Fault, on: str = "any", times: int = 1, seconds: float = 0.2) -> None:
        """Let the next requests of a kind meet a fault; scripts go before chance, in order."""
        self._scripts.append(Script(fault, on, times, seconds))

    def by_chance(
        self,
        rate: float,
        seed: int = 1,
        faults: Collection[Fault] = tuple(Fault),
        on: Collection[str] = ("any",),
        seconds: tuple[float, float] = (0.05, 1.5),
    ) -> None:
        """Let a share of the requests meet one of some faults, each as likely.

        What takes a while takes between the two `seconds`.
        """
        self._seconds = seconds
        self._rate, self._chance = rate, Random(seed)
        self._by_chance, self._on = list(faults), frozenset(on)

    def clear(self) -> None:
        """Nothing goes wrong from now on; the counts stay."""
        self._scripts.clear()
        self._rate = 0.0

    def next(self, *kinds: str) -> Met | None:
        """What a request of these kinds meets."""
        for script in self._scripts:
            if script.times > 0 and script.on in (*kinds, "any"):
                script.times -= 1
                self.happened[script.fault] += 1
                return Met(script.fault, script.seconds)
        if not self._rate or self._on.isdisjoint({*kinds, "any"}):
            return None
        if self._chance.random() >= self._rate:
            return None
        fault = self._chance.choice(self._by_chance)
        self.happened[fault] += 1
        return Met(fault, self._chance.uniform(*self._seconds))
