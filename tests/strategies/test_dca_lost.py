"""Orders of DCA slots that a power cut took from the journal: each slot is traded once."""

from decimal import Decimal

from nimbus_tui.exchanges.paper.adapter import PaperSettings
from nimbus_tui.simulation.fragile_journal import Disk, FragileJournal
from nimbus_tui.strategies.dca_orders import OpenSlot
from nimbus_tui.strategies.dca_schedule import slot_key
from nimbus_tui.strategies.dca_state import DcaState, recalled
from tests.simulation.dca_worlds import HOUR, MINUTE, NINE, DcaWorld

SLOT = "2026-11-22T09:00Z"


class DcaPowerCut(DcaWorld):
    """A slot every hour by limit order, on a disk that can lose power."""

    def __init__(self) -> None:
        self.disk = Disk()
        super().__init__(
            interval="1h",
            order_type="limit",
            offset_percent="1",
            reprice_after="10m",
            venue=PaperSettings(partial_fills=True),
        )

    def _build(self) -> None:
        self.journal = FragileJournal(self.disk, lambda: None)
        super()._build()

    async def cut_until_ten(self) -> None:
        """The power goes; when it is back, the next slot is due."""
        self.journal.is_dead = True
        self.disk.power_cut()
        self.clock.jump(NINE + HOUR)
        self._build()
        await self.engine.start()
        await self.engine.settle()

    async def compared(self) -> None:
        """The venue is compared with the journal once more."""
        await self.engine.synchronisers["sim"]._get_in_step()
        await self.engine.settle()


async def test_a_lost_later_try_of_a_slot_that_is_over_by_now_is_that_slots() -> None:
    world = DcaPowerCut()
    await world.start("40000", "44000")
    world.disk.sync()
    await world.tick_at(NINE + 10 * MINUTE, "44000")
    assert world.resting()[f"dca/{SLOT}"].generation == 1
    await world.tick("43560")
    (bought,) = world.fills()
    await world.cut_until_ten()
    (found,) = world.fills()
    assert (found.client_order_id, found.key) == (bought.client_order_id, f"dca/{SLOT}")
    await world.tick("44000", "44000")
    assert world.rows()[:2] == [(SLOT, "done"), ("2026-11-22T10:00Z", "open")]
    assert world.state.tally.orders == 1
    assert world.bot.position("BTC/USDC") == bought.quantity


async def test_a_lost_later_part_of_a_slot_that_is_over_by_now_is_that_slots() -> None:
    world = DcaPowerCut()
    await world.start("40000")
    world.disk.sync()
    await world.tick("39600", size="0.0005")
    await world.tick("40100")
    await world.tick_at(NINE + 10 * MINUTE, "40100")
    assert list(world.resting()) == [f"dca/{SLOT}/p2"]
    await world.tick("39000")
    before = world.fills()
    await world.cut_until_ten()
    await world.compared()
    assert [(f.client_order_id, f.key) for f in before] == [
        (f.client_order_id, f.key) for f in world.fills()
    ]
    await world.tick("40100", "40100")
    assert world.rows()[0] == (SLOT, "done")
    assert world.state.tally.orders == 1
    assert world.events("error") == []


def test_a_recalled_part_of_the_open_slot_is_not_asked_for_again() -> None:
    slot = OpenSlot(due=NINE, opened_at=NINE, quote=Decimal(50), part_filled=Decimal(1))
    state = DcaState(open=slot, last_due=NINE)
    assert recalled(state, slot_key(NINE)) == state
    later = recalled(state, slot_key(NINE, 3)).open
    assert later is not None
    assert (later.part, later.part_filled, later.leaving) == (3, 0, True)


def test_a_recalled_slot_is_not_made_up_for() -> None:
    state = DcaState(late=NINE, last_due=NINE)
    assert recalled(state, slot_key(NINE)).late is None
    assert recalled(state, slot_key(NINE - HOUR)).late == NINE
    assert recalled(state, "stop/1").late == NINE
