"""What the journal keeps of a bot beside its orders, its fills and the strategy's own state."""

from collections.abc import Sequence
from decimal import Decimal
from functools import reduce

import msgspec

from nimbus_tui.accounting.books import Books, opened, with_lots
from nimbus_tui.accounting.cycles import Cycle, CycleLog, recorded
from nimbus_tui.core.events import Event, GridRebalanced, PortfolioRebalanced
from nimbus_tui.core.ids import OrderKey, Symbol
from nimbus_tui.engine.closing import Closings
from nimbus_tui.journal.base import BotRecord


class Saved(msgspec.Struct, frozen=True, kw_only=True):
    """What the journal keeps of a bot beside the strategy's own state."""

    opened: bool = False
    books: Books = msgspec.field(default_factory=Books)
    absorbed: int = 0
    """How many of the bot's fills the strategy's state has absorbed."""
    rebalances: int = 0
    closings: Closings = Closings()
    flatten: bool = False
    """Whether the position is to be closed while the bot is stopped."""
    day: int = 0
    """The UTC day that `day_equity` belongs to, in days since the epoch."""
    day_equity: Decimal | None = None
    """Equity when the day began."""
    since: int = 0
    risk_reason: str = ""
    """Why a rule pauses the bot; empty while none does."""
    opened_ns: int = 0
    """When the books began."""
    difference: str = ""
    """Why the account's holdings pause the bot; empty while its fills explain them."""
    claimed: dict[Symbol, Decimal] | None = None
    """What was taken over when the books began; None where that was not written down."""
    first_marks: dict[Symbol, Decimal] = msgspec.field(default_factory=dict)
    """The prices then."""
    start_owed: bool = False
    """Whether the strategy has still to be told that it starts afresh."""
    own_cycles: CycleLog = CycleLog()
    """The cycles that the strategy itself counts, where it does."""
    restarts_when_flat: bool = False
    """Whether the bot starts a fresh plan once a take profit has closed its position."""
    cancelled: tuple[OrderKey, ...] = ()
    """Keys that the operator has cancelled by hand and that are held back until a resume."""

    def as_absorbed_in(self, kept: "Saved") -> "Saved":
        """Its own books with what went into a strategy's state as it was when *kept* was kept."""
        return msgspec.structs.replace(
            self,
            absorbed=kept.absorbed,
            rebalances=kept.rebalances,
            own_cycles=kept.own_cycles,
        )

    @staticmethod
    def of(record: BotRecord) -> "Saved":
        """What a record holds, or the first of its kind."""
        if record.books is None:
            return Saved(since=record.created_ns)
        saved = msgspec.json.decode(record.books, type=Saved)
        return msgspec.structs.replace(saved, books=with_lots(saved.books))

    def begun(self, capital: Decimal, marks: dict[Symbol, Decimal], now: int) -> "Saved":
        """The books opened at the first prices."""
        return msgspec.structs.replace(
            self,
            opened=True,
            books=opened(capital),
            first_marks=marks,
            opened_ns=now,
            claimed={},
        )

    def with_cycles(self, cycles: Sequence[Cycle]) -> "Saved":
        """Count the cycles that the strategy has closed."""
        return msgspec.structs.replace(self, own_cycles=reduce(recorded, cycles, self.own_cycles))

    def counted(self, event: Event) -> "Saved":
        """Count what has a counter."""
        if isinstance(event, GridRebalanced | PortfolioRebalanced):
            return msgspec.structs.replace(self, rebalances=self.rebalances + 1)
        return self
