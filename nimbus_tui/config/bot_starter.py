"""The table of a new bot to begin with: small sizes, a word on each key, nothing live."""

from collections.abc import Collection, Sequence

from nimbus_tui.config.literals import bare_or_quoted, literal
from nimbus_tui.core.ids import Symbol

_KEYS = {
    "grid": """\
spacing = 0.5                   # percent between two levels
levels = 5                      # on each side of the base
quote_size = 100                # in the quote, an order
""",
    "dca": """\
order_quote = 50                # in the quote, an order
interval = "24h"                # or a cron expression: "0 9 * * mon"
max_orders = 30                 # then it is done
missed = "buy_once"             # after a pause one late order, not one for each
""",
    "martingale": """\
side = "long"                   # buys into a fall
base_quote = 100                # in the quote, the order that begins a cycle
multiplier = 2.0                # each safety order is so many times the one before
max_steps = 4                   # safety orders
step_percent = 1.5              # the first one is so far below the entry
step_scale = 1.2                # each distance is so many times the last
take_profit = 1.0               # percent above the average cost
stop_loss = 15                  # percent below the average cost
max_capital = 3_500             # refuses to start if all orders together need more
""",
    "portfolio": """\
threshold = 5                   # points that an asset may drift
trigger = "threshold"
""",
}
"""What a bot of each strategy begins with; those that aren't here begin with nothing."""
_RISK = {
    "grid": "risk = { stop_loss = 10, drawdown = 15 }\n",
    "dca": "risk = { drawdown = 30 }\n",
    "martingale": "risk = { drawdown = 20 }\n",
    "portfolio": "risk = { drawdown = 30 }\n",
}


def bot_starter(strategy: str, name: str, exchange: str, symbols: Sequence[Symbol]) -> str:
    """The text of `[bots.NAME]`; several symbols are shared out evenly."""
    head = [
        f"[bots.{bare_or_quoted(name)}]",
        f"strategy = {literal(strategy)}",
        f"exchange = {literal(exchange)}",
    ]
    if strategy == "portfolio":
        head += _targets(symbols)
    else:
        head.append(f"symbol = {literal(symbols[0])}")
    return "\n".join(head) + "\n" + _KEYS.get(strategy, "") + _RISK.get(strategy, "")


def _targets(symbols: Sequence[Symbol]) -> list[str]:
    """Even shares in whole percent; what is left over goes to the first."""
    bases = list(dict.fromkeys(symbol.partition("/")[0] for symbol in symbols))
    quote = symbols[0].partition("/")[2].partition(":")[0]
    share = 100 // len(bases)
    targets = dict.fromkeys(bases, share)
    targets[bases[0]] += 100 - share * len(bases)
    return [f"quote = {literal(quote)}", f"targets = {literal(targets)}  # percent, together 100"]


def free_name(wanted: str, taken: Collection[str]) -> str:
    """A name that no bot has: the wanted one, or one with a number behind it."""
    number, name = 2, wanted
    while name in taken:
        name, number = f"{wanted}-{number}", number + 1
    return name


def with_bot(text: str, table: str) -> str:
    """A config's text with a table at its end, an empty line before it."""
    newline = "\r\n" if "\r\n" in text else "\n"
    head = text.rstrip("\r\n")
    gap = newline * 2 if head else ""
    return head + gap + table.replace("\n", newline)
