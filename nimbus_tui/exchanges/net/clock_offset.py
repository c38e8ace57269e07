"""How far a venue's clock is from ours, measured as the Network Time Protocol does.

Source: RFC 5905, "Clock Filter Algorithm". A request leaves at t1, the venue stamps its answer, it
comes in at t4: the offset is the stamp less the middle of t1 and t4, and it is wrong by at most
half of the round trip, however unequal the two ways are. So of the recent samples the one with the
shortest round trip is believed.
"""

from collections import deque

import msgspec

from nimbus_tui.core.clock import NS_PER_MS, NS_PER_SECOND, Clock

WINDOW_NS = 600 * NS_PER_SECOND
"""How long a sample counts; a clock drifts by some 10 ms in that time."""
MOST_SAMPLES = 32
SLACK_MS = 50.0
"""Samples contradict each other by more than this: drift, and the venue's stamp of whole ms."""


class _Sample(msgspec.Struct, frozen=True):
    offset_ms: float
    round_trip_ms: float
    received_ns: int

    def contradicts(self, other: "_Sample") -> bool:
        """Whether no offset can explain both: a clock was set in between, or a stamp is wrong."""
        most = (self.round_trip_ms + other.round_trip_ms) / 2 + SLACK_MS
        return abs(self.offset_ms - other.offset_ms) > most


class ClockOffset:
    """Collects stamps; believes the one that travelled fastest.

    One sample that contradicts what is believed is an outlier; a second one that agrees with it
    shows that a clock was set, and what was before is forgotten.
    """

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._samples: deque[_Sample] = deque(maxlen=MOST_SAMPLES)
        self._doubtful: _Sample | None = None

    def saw(self, server_ms: int, sent_ns: int, received_ns: int) -> None:
        """The venue stamped an answer with `server_ms`; we asked and heard at these times."""
        if received_ns < sent_ns:
            return  # our clock was set back meanwhile: the sample says nothing
        # Whole ns until here: a float of the time since 1970 is rough by a quarter of a µs.
        offset_ms = (2 * server_ms * NS_PER_MS - sent_ns - received_ns) / (2 * NS_PER_MS)
        round_trip_ms = (received_ns - sent_ns) / NS_PER_MS
        sample = _Sample(offset_ms, round_trip_ms, received_ns)
        best = self._best()
        if best is None or not sample.contradicts(best):
            self._doubtful = None
        elif self._doubtful is None or sample.contradicts(self._doubtful):
            self._doubtful = sample
            return
        else:
            self._samples.clear()
            self._samples.append(self._doubtful)
            self._doubtful = None
        self._samples.append(sample)

    @property
    def offset_ms(self) -> float | None:
        """The venue's clock less ours; None while nothing recent is known."""
        best = self._best()
        return None if best is None else best.offset_ms

    @property
    def round_trip_ms(self) -> float | None:
        """The round trip of the sample that is believed; half of it is the offset's error."""
        best = self._best()
        return None if best is None else best.round_trip_ms

    def _best(self) -> _Sample | None:
        now = self._clock.now()
        recent = [each for each in self._samples if 0 <= now - each.received_ns <= WINDOW_NS]
        return min(recent, key=lambda each: each.round_trip_ms, default=None)
