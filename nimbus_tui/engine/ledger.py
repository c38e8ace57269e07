"""A bot's ledger: what the journal keeps of it, and what fills and funding do to its books."""

from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal
from typing import Any

import msgspec

from nimbus_tui.accounting.books import Books, claimed, funded
from nimbus_tui.accounting.books import absorb as entered
from nimbus_tui.accounting.cycles import Cycle
from nimbus_tui.accounting.fees import fee_value
from nimbus_tui.core.clock import NS_PER_SECOND
from nimbus_tui.core.events import Event, OrderFilled, PositionUpdate, Warning
from nimbus_tui.core.fill import Fill
from nimbus_tui.core.funding import FundingPayment
from nimbus_tui.core.ids import Asset, Symbol
from nimbus_tui.core.instrument import Instrument
from nimbus_tui.engine.saved import Saved
from nimbus_tui.engine.words import told_funding, unvalued_fee
from nimbus_tui.journal.base import BotRecord, Journal

DAY_NS = 86_400 * NS_PER_SECOND


class Ledger:
    """One bot's record and books. What changes is written by `save`, at the end of the turn."""

    def __init__(
        self,
        record: BotRecord,
        instruments: Mapping[Symbol, Instrument],
        journal: Journal,
        publish: Callable[[Event], None],
    ) -> None:
        self.record = record
        self.saved = Saved.of(record)
        self.fee_price: Callable[[Asset, Asset], Decimal | None] = lambda asset, quote: None
        """What one of an asset is worth in another now; None where nobody can say."""
        self._instruments = instruments
        self._journal = journal
        self._publish = publish
        self._is_dirty = False

    @property
    def books(self) -> Books:
        """What the bot owns and has earned."""
        return self.saved.books

    # changes

    def change_record(self, **changes: Any) -> None:
        """Change what the journal says of the bot."""
        self.record = msgspec.structs.replace(self.record, **changes)
        self._is_dirty = True

    def change_saved(self, **changes: Any) -> None:
        """Change the books' side of what is saved."""
        self.saved = msgspec.structs.replace(self.saved, **changes)
        self._is_dirty = True

    def touch(self) -> None:
        """The strategy's own state may have changed, and is to be written too."""
        self._is_dirty = True

    def save(self, strategy_state: Callable[[], bytes | None]) -> None:
        """Write what has changed, in the transaction that is open.

        Where the strategy can't say its state, the journalled one stands, and with it the number
        of fills that it has absorbed: the others are given to it again.
        """
        if self._is_dirty:
            self._is_dirty = False
            state = strategy_state()
            if state is None:
                state = self.record.strategy_state
                self.saved = self.saved.as_absorbed_in(Saved.of(self.record))
            self.record = msgspec.structs.replace(
                self.record, strategy_state=state, books=msgspec.json.encode(self.saved)
            )
            self._journal.save_bot(self.record)

    # the books

    def begin(self, capital: Decimal, marks: dict[Symbol, Decimal], now: int) -> None:
        """Open the books at the first prices."""
        self.change_record(capital=capital)
        self.saved = self.saved.begun(capital, marks, now)

    def claim(self, symbol: Symbol, quantity: Decimal, mark: Decimal, now: int) -> None:
        """Take over what the account holds and nobody owns, at the price of now."""
        books = claimed(self.books, symbol, quantity, mark, now)
        self.change_saved(books=books, claimed={**(self.saved.claimed or {}), symbol: quantity})

    def worth_of_fee(self, fill: Fill) -> Decimal | None:
        """What a new fill's fee is worth in quote now; None where nobody can say."""
        instrument = self._instruments[fill.symbol]
        known = fee_value(fill, instrument)
        if known is not None:
            return known
        return fee_value(fill, instrument, self.fee_price(fill.fee_asset, instrument.quote))

    def enter(self, fill: Fill) -> None:
        """Enter a new fill into the books, and tell of it."""
        instrument = self._instruments[fill.symbol]
        self.change_saved(books=entered(self.books, fill, instrument))
        if fill.fee_quote is None:
            self._publish(Warning(message=unvalued_fee(fill, instrument)))
        position = self.books.position(fill.symbol)
        self._publish(OrderFilled(fill=fill, position=position.quantity))
        self._publish(
            PositionUpdate(
                symbol=fill.symbol, quantity=position.quantity, average_cost=position.average_cost
            )
        )

    def fund(self, payment: FundingPayment) -> None:
        """Enter a funding payment into the books, once."""
        named = msgspec.structs.replace(payment, bot_id=self.record.bot_id)
        if not self._journal.record_funding(named):
            return
        if payment.asset == self._instruments[payment.symbol].quote:
            self.change_saved(books=funded(self.books, named))
        self._publish(told_funding(named, self._instruments[payment.symbol]))

    def roll_day(self, now: int, equity: Callable[[], Decimal]) -> None:
        """Keep the equity at which the UTC day began."""
        day = now // DAY_NS
        if self.saved.opened and (day != self.saved.day or self.saved.day_equity is None):
            self.change_saved(day=day, day_equity=equity())

    # what the strategy has made of it

    def unabsorbed(self) -> Sequence[Fill]:
        """The fills in the books that the strategy's state doesn't hold yet, in order."""
        behind = self.books.fills - self.saved.absorbed
        if not behind:
            return ()
        return self._journal.fills(bot_id=self.record.bot_id, limit=behind, newest=True)

    def absorbed(self, cycles: Callable[[], Sequence[Cycle]]) -> None:
        """The strategy has absorbed one more fill, and may have closed cycles with it."""
        self.change_saved(absorbed=self.saved.absorbed + 1)
        closed = cycles()  # asked first: a strategy that raises may be stopped, and change it too
        self.saved = self.saved.with_cycles(closed)

    def count(self, event: Event) -> None:
        """Count what the strategy has told of, where it has a counter."""
        self.saved = self.saved.counted(event)
