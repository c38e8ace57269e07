"""Risk rules of other packages: loaded where they are rules, refused with a reason where not."""

from decimal import Decimal
from importlib.metadata import EntryPoint
from typing import Any

import pytest

from nimbus_tui.core.errors import ConfigError
from nimbus_tui.core.risk import RiskStep
from nimbus_tui.risk import plugins
from nimbus_tui.risk.limits import RiskLimits
from nimbus_tui.risk.rule import OFF, Measure, Rule, Scope
from nimbus_tui.risk.states import BotInputs
from nimbus_tui.risk.table import RULES, read_bot
from nimbus_tui.risk.thresholds import Thresholds
from tests.risk.inputs import bot, position


def many_positions(inputs: BotInputs, limits: RiskLimits) -> Measure:
    limit = limits.others.get("many_positions")
    return OFF if limit is None else Measure(measured=Decimal(len(inputs.positions)), limit=limit)


RULE = Rule(
    name="many_positions",
    level=1,
    scope=Scope.BOT,
    unit="positions",
    thresholds=Thresholds(pause=Decimal(100)),
    measure=many_positions,
)
TAKEN = RULES[0]


def offered(monkeypatch: pytest.MonkeyPatch, *values: tuple[str, str]) -> None:
    points = [EntryPoint(name, value, plugins.ENTRY_POINTS) for name, value in values]
    monkeypatch.setattr(plugins, "entry_points", lambda group: points if group else [])


HERE = f"{__name__}:RULE"


def test_a_rule_of_another_package_is_read_like_the_others(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(EntryPoint, "load", lambda self: RULE)
    offered(monkeypatch, ("many_positions", HERE), ("many_positions", HERE))
    rules = plugins.other_rules()
    assert rules == (RULE,)
    limits = RiskLimits(others={"many_positions": Decimal(1)})
    assert read_bot(bot(position()), limits, rules)[-1].asks is RiskStep.PAUSE


@pytest.mark.parametrize(
    ("found", "words"),
    [
        (3, "is not a nimbus_tui.risk.rule.Rule"),
        (RULES[0], "its name is 'stop_loss'"),
        (ModuleNotFoundError("no module x"), "can't be loaded: ModuleNotFoundError"),
        (SystemExit(2), "can't be loaded"),
    ],
)
def test_what_is_no_rule_is_refused_with_its_place(
    monkeypatch: pytest.MonkeyPatch, found: Any, words: str
) -> None:
    def load(_point: EntryPoint) -> Any:
        if isinstance(found, BaseException):
            raise found
        return found

    monkeypatch.setattr(EntryPoint, "load", load)
    offered(monkeypatch, ("many_positions", HERE))
    with pytest.raises(ConfigError, match="many_positions") as raised:
        plugins.other_rules()
    assert words in str(raised.value)
    assert HERE in str(raised.value)


def test_a_name_that_is_taken_or_offered_twice_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(EntryPoint, "load", lambda self: TAKEN)
    offered(monkeypatch, ("stop_loss", HERE))
    with pytest.raises(ConfigError, match="has that name"):
        plugins.other_rules()
    offered(monkeypatch, ("a", HERE), ("a", "elsewhere:RULE"))
    with pytest.raises(ConfigError, match="uninstall one"):
        plugins.other_rules()
