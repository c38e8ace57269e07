"""Mistakes about what a venue is going through, made on purpose."""

import pytest

from nimbus_tui.core.order import RefusalKind
from nimbus_tui.engine import refusals
from nimbus_tui.engine.risk_inputs import RiskInputs
from nimbus_tui.engine.streams import Streams

Patch = pytest.MonkeyPatch


def own_channels_may_be_silent(patch: Patch) -> None:
    patch.setattr(Streams, "_own_channels", lambda *_: {})


def prices_may_be_silent(patch: Patch) -> None:
    patch.setattr(Streams, "_prices", lambda *_: {})


def a_busy_venue_is_the_orders_fault(patch: Patch) -> None:
    patch.setattr(refusals, "UNCOUNTED", frozenset({RefusalKind.POST_ONLY_WOULD_CROSS}))


def takers_are_tried_all_the_time(patch: Patch) -> None:
    patch.setattr(refusals, "_wait_s", lambda *_: 1)


def exits_wait_like_the_others(patch: Patch) -> None:
    patch.setattr(refusals, "MAX_EXIT_RETRY_S", refusals.MAX_RETRY_S)


def requests_are_not_counted(patch: Patch) -> None:
    patch.setattr(RiskInputs, "_budgets", lambda *_: ())
