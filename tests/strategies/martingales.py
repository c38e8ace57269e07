"""What a martingale has committed, as a person would add it up."""

from decimal import Decimal

from tests.simulation.martingale_world import MartingaleWorld


def committed(world: MartingaleWorld) -> Decimal:
    """What the position has cost, and what every entry that rests may cost, fees in."""
    position = world.bot.books.position(world.instrument.symbol)
    total = abs(position.entry_value) + position.entry_fees
    price = world.bot.prices[world.instrument.symbol].price
    for order in world.bot.keeper.live.values():
        if not order.key.split("/")[2].startswith("tp"):
            at = order.price if order.price is not None else price
            total += order.remaining * at * (1 + world.instrument.taker_fee)
    return total
