"""Which picture a bot's panel gets."""

from nimbus_tui.control.snapshots import BotSnapshot
from nimbus_tui.core.panels import DriftPanel, LadderPanel, Panel, StepsPanel, TimelinePanel
from nimbus_tui.tui.viewmodels.drift import drift
from nimbus_tui.tui.viewmodels.frame import Picture, Room, no_bot, nothing_yet
from nimbus_tui.tui.viewmodels.ladder import ladder
from nimbus_tui.tui.viewmodels.steps import steps
from nimbus_tui.tui.viewmodels.timeline import timeline


def picture(panel: Panel | None, bot: BotSnapshot | None, room: Room) -> Picture:
    """The panel of one bot as lines."""
    if bot is None:
        return no_bot(room.width)
    match panel:
        case None:
            return nothing_yet(bot, room.width)
        case LadderPanel():
            return ladder(panel, bot, room)
        case TimelinePanel():
            return timeline(panel, bot, room)
        case DriftPanel():
            return drift(panel, bot, room)
        case StepsPanel():
            return steps(panel, bot, room)
