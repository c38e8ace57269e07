"""Nonces that never collide, whatever the clock does.

Source: the protocol reference, "Nonces and expiresAfter". The venue keeps the 100 highest nonces
of a signer and takes a new one if it is higher than the least of these, was never used, and lies
within (now − 2 days, now + 1 day) in ms. Nonces are counted per signer, so each running process
needs a key of its own; all bots of a process share one counter.
"""

from collections.abc import Callable

from nimbus_tui.core.clock import NS_PER_MS
from nimbus_tui.core.errors import ExchangeError

MOST_AHEAD_MS = 12 * 3_600_000
"""How far the counter may run before the clock; the venue takes a day."""


class Nonces:
    """Counts upwards from the clock and never back.

    `last` is a nonce that none was given out beyond; 0 for a key that has never signed. `keep` is
    told each nonce before it is given out and makes sure that it is not forgotten; if it raises,
    the nonce isn't given out. `nonce_file.NonceFile.nonces` brings both.
    """

    def __init__(
        self, now: Callable[[], int], last: int = 0, keep: Callable[[int], None] | None = None
    ) -> None:
        self._now = now
        self._keep = keep
        self.last = last

    def take(self) -> int:
        """A nonce that was never given out before: the clock's ms, or one more than the last.

        Raises:
            ExchangeError: the counter is so far ahead of the clock that the venue would refuse
                it: the clock was wrong once by many hours, or is now. Or the nonce can't be kept.
        """
        now_ms = self._now() // NS_PER_MS
        nonce = max(self.last + 1, now_ms)
        if nonce - now_ms > MOST_AHEAD_MS:
            hours = (nonce - now_ms) / 3_600_000
            raise ExchangeError(
                f"the clock is {hours:.1f} h behind the last nonce of this key; set the clock, "
                "or approve a new agent key"
            )
        if self._keep is not None:
            self._keep(nonce)
        self.last = nonce
        return nonce
