"""Which picture a bot's panel gets."""

import msgspec

from nimbus_tui.control.snapshots import BotDetail, BotSnapshot
from nimbus_tui.core.panels import DriftPanel, LadderPanel, StepsPanel, TimelinePanel
from nimbus_tui.tui.viewmodels.drift import drift
from nimbus_tui.tui.viewmodels.frame import Picture, Room, no_bot, nothing_yet
from nimbus_tui.tui.viewmodels.held_back import held_note
from nimbus_tui.tui.viewmodels.ladder import ladder
from nimbus_tui.tui.viewmodels.steps import steps
from nimbus_tui.tui.viewmodels.timeline import timeline


def picture(detail: BotDetail | None, bot: BotSnapshot | None, room: Room) -> Picture:
    """The panel of one bot as lines; which rule holds its orders back is said above them."""
    if bot is None:
        return no_bot(room.width)
    panel = detail.panel if detail is not None else None
    held = held_note(detail.held_back) if detail is not None else ""
    if panel is not None and held:
        panel = msgspec.structs.replace(panel, note="; ".join(filter(None, (held, panel.note))))
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
