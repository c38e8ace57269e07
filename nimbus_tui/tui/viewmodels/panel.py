"""Which picture a bot's panel gets."""

from nimbus_tui.control.snapshots import BotSnapshot
from nimbus_tui.core.panels import DriftPanel, LadderPanel, Panel, StepsPanel, TimelinePanel
from nimbus_tui.tui.viewmodels.drift import drift
from nimbus_tui.tui.viewmodels.frame import Picture, no_bot, nothing_yet
from nimbus_tui.tui.viewmodels.ladder import ladder
from nimbus_tui.tui.viewmodels.steps import steps
from nimbus_tui.tui.viewmodels.timeline import timeline


def picture(
    panel: Panel | None, bot: BotSnapshot | None, width: int, places: int = 0, now_ns: int = 0
) -> Picture:
    """The panel of one bot as lines; prices have at least so many places."""
    if bot is None:
        return no_bot(width)
    match panel:
        case None:
            return nothing_yet(bot, width)
        case LadderPanel():
            return ladder(panel, bot, width, places, now_ns)
        case TimelinePanel():
            return timeline(panel, bot, width, places, now_ns)
        case DriftPanel():
            return drift(panel, bot, width, now_ns)
        case StepsPanel():
            return steps(panel, bot, width, places, now_ns)


def awaited(panel: Panel | None) -> int | None:
    """The time that a panel counts down to; None where nothing but news changes it."""
    match panel:
        case LadderPanel():
            return panel.wake_at
        case TimelinePanel():
            return panel.next_due
        case DriftPanel():
            return panel.next_rebalance or panel.last_rebalance
        case StepsPanel():
            return panel.next_cycle
        case None:
            return None
