"""Planted bugs: each takes one safeguard out of the engine, as a careless change might."""

from collections.abc import Callable
from functools import partial
from typing import Any

import msgspec
import pytest

from nimbus_tui.core.order import Order, OrderReport, OrderRequest, OrderState, Unknown
from nimbus_tui.engine.bot import Bot
from nimbus_tui.engine.engine import Engine
from nimbus_tui.engine.facts import FillArrived, FillsRead
from nimbus_tui.engine.look_ups import LookUps
from nimbus_tui.engine.order_book_keeper import OrderBookKeeper
from nimbus_tui.engine.order_manager import Intent, OrderManager, cursor_fact
from nimbus_tui.engine.owners import Owners
from nimbus_tui.engine.synchroniser import Synchroniser
from nimbus_tui.engine.waking import Waking
from nimbus_tui.journal.base import BotRecord
from nimbus_tui.journal.sqlite import SqliteJournal
from nimbus_tui.orders import lifecycle
from nimbus_tui.strategies.grid import GridStrategy

Patch = pytest.MonkeyPatch
Plant = Callable[[Patch], None]


def a_time_out_is_a_refusal(patch: Patch) -> None:
    honest = lifecycle.answered

    def answered(order: Order, response: Any, now: int) -> Any:
        if isinstance(response, Unknown):
            return lifecycle._moved(order, OrderState.REJECTED, now, response.cause)
        return honest(order, response, now)

    patch.setattr(lifecycle, "answered", answered)


def a_fill_is_written_later_than_its_books(patch: Patch) -> None:
    honest = SqliteJournal.save_bot
    held: dict[tuple[int, str], BotRecord] = {}

    def save_bot(journal: SqliteJournal, record: BotRecord) -> None:
        """What is written is what should have been written the time before."""
        place = (id(journal), record.bot_id)
        honest(journal, held.get(place, record))
        held[place] = record

    patch.setattr(SqliteJournal, "save_bot", save_bot)


def the_generation_rises_while_nothing_is_known(patch: Patch) -> None:
    def next_generation(manager: OrderManager, bot_id: Any, key: Any) -> int:
        last = manager._journal.last_order(bot_id, key)
        return 0 if last is None else last.generation + 1

    patch.setattr(OrderManager, "_next_generation", next_generation)
    patch.setattr(OrderManager, "_proves_nothing", lambda manager, intent: False)
    patch.setattr(LookUps, "_is_proof", lambda look_ups, sought: True)


def not_found_is_final_at_once(patch: Patch) -> None:
    patch.setattr(LookUps, "_is_proof", lambda look_ups, sought: True)


def nothing_is_looked_up_before_the_first_send(patch: Patch) -> None:
    honest = OrderManager.prepare_place

    def prepare(manager: OrderManager, *args: Any, look_first: bool, **more: Any) -> Any:
        order, intent = honest(manager, *args, look_first=False, **more)
        manager.unconfirmed.discard(order.client_order_id)
        return order, msgspec.structs.replace(intent, look_first=False)

    patch.setattr(OrderManager, "prepare_place", prepare)


def the_cursor_moves_before_the_fills_are_absorbed(patch: Patch) -> None:
    async def catch_up(manager: OrderManager) -> None:
        cursor, more = manager._journal.fact(cursor_fact(manager.name)) or "", True
        while more:
            read = partial(manager.exchange.fills_since, cursor)
            page = await manager.look_ups.answered(read)
            manager._journal.save_fact(cursor_fact(manager.name), page.cursor)
            await manager._clock.sleep(0.2)
            for fill in page.fills:
                manager._deliver(FillArrived(manager.name, fill))
            manager._deliver(FillsRead(manager.name, page.cursor))
            cursor, more = page.cursor, page.more

    patch.setattr(OrderManager, "catch_up_fills", catch_up)


def a_cancel_is_not_tried_again(patch: Patch) -> None:
    patch.setattr(OrderBookKeeper, "_cancel", lambda keeper, identity, response: None)


def an_older_report_overwrites_the_state(patch: Patch) -> None:
    patch.setattr(lifecycle, "NEXT_STATES", {state: frozenset(OrderState) for state in OrderState})


def a_fill_counts_as_often_as_it_is_told(patch: Patch) -> None:
    honest = SqliteJournal.record_fill

    def record(journal: SqliteJournal, fill: Any) -> bool:
        honest(journal, fill)
        return True

    patch.setattr(SqliteJournal, "record_fill", record)


def requests_leave_before_the_commit(patch: Patch) -> None:
    honest = Engine._turns

    def turns(engine: Engine, post: Any) -> list[Intent]:
        intents = honest(engine, post)
        for intent in intents:
            if isinstance(intent.request, OrderRequest):
                manager = engine.order_managers[engine.specs[intent.bot_id].exchange]
                line: Any = manager.exchange
                line._wire.place(intent.request, 0.01, is_copy=True)
        return intents

    patch.setattr(Engine, "_turns", turns)


def nothing_is_compared_after_a_reconnect(patch: Patch) -> None:
    honest = Synchroniser._compare
    done: set[int] = set()

    async def compare(synchroniser: Synchroniser) -> None:
        if id(synchroniser._manager.exchange) not in done:
            await honest(synchroniser)
            done.add(id(synchroniser._manager.exchange))

    patch.setattr(Synchroniser, "_compare", compare)


def strays_are_ignored(patch: Patch) -> None:
    patch.setattr(Synchroniser, "_strays", lambda synchroniser, reports: {})


def the_terms_of_a_found_order_are_ignored(patch: Patch) -> None:
    patch.setattr(lifecycle, "_as_it_is", lambda order, report: order)


def a_spent_key_is_used_again(patch: Patch) -> None:
    def next_generation(manager: OrderManager, bot_id: Any, key: Any) -> int:
        last = manager._journal.last_order(bot_id, key)
        return 0 if last is None else last.generation + 1

    patch.setattr(OrderManager, "_next_generation", next_generation)
    patch.setattr(Bot, "order_ended", lambda bot, order: bot.standing.order_ended(order))


def a_cancel_forgets_what_had_filled(patch: Patch) -> None:
    honest = lifecycle.reported

    def reported(order: Order, report: OrderReport, now: int) -> Any:
        if report.state is OrderState.CANCELLED:
            report = msgspec.structs.replace(report, filled=order.filled)
        return honest(order, report, now)

    patch.setattr(lifecycle, "reported", reported)


def a_bot_that_cannot_be_asked_is_woken_all_the_same(patch: Patch) -> None:
    honest = Waking.next_time

    def next_time(waking: Waking) -> int | None:
        owes, waking.owes_plan = waking.owes_plan, False
        try:
            return honest(waking)
        finally:
            waking.owes_plan = owes

    patch.setattr(Waking, "next_time", next_time)


def fills_that_nobody_knows_are_dropped(patch: Patch) -> None:
    patch.setattr(Owners, "_keep_unclaimed", lambda owners, fact: None)


def lost_cycles_are_not_recalled(patch: Patch) -> None:
    patch.setattr(GridStrategy, "recall", lambda strategy, key: None)


PLANTED: tuple[Plant, ...] = (
    a_time_out_is_a_refusal,
    a_fill_is_written_later_than_its_books,
    the_generation_rises_while_nothing_is_known,
    not_found_is_final_at_once,
    nothing_is_looked_up_before_the_first_send,
    the_cursor_moves_before_the_fills_are_absorbed,
    a_cancel_is_not_tried_again,
    an_older_report_overwrites_the_state,
    a_fill_counts_as_often_as_it_is_told,
    requests_leave_before_the_commit,
    nothing_is_compared_after_a_reconnect,
    strays_are_ignored,
    the_terms_of_a_found_order_are_ignored,
    a_spent_key_is_used_again,
    a_cancel_forgets_what_had_filled,
    a_bot_that_cannot_be_asked_is_woken_all_the_same,
    fills_that_nobody_knows_are_dropped,
    lost_cycles_are_not_recalled,
)
