"""What a paper exchange says of itself when somebody looks at it."""

from collections.abc import Iterable, Sequence
from decimal import Decimal

from nimbus_tui.core.instrument import Instrument
from nimbus_tui.exchanges.base import Area, Finding, Verdict


def findings(instruments: Iterable[Instrument]) -> Sequence[Finding]:
    """Whose money it is, and what orders pay."""
    fees = sorted({(one.maker_fee, one.taker_fee) for one in instruments})
    told = ", ".join(f"maker {_percent(maker)}, taker {_percent(taker)}" for maker, taker in fees)
    return [
        Finding(Area.NETWORK, Verdict.OK, "paper: no real money moves here"),
        Finding(Area.FEES, Verdict.OK, told or "no instrument is traded here"),
    ]


def _percent(share: Decimal) -> str:
    return f"{(share * 100).normalize():f} %"
