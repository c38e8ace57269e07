"""Which picture a bot's panel gets."""

from nimbus_tui.control.snapshots import BotSnapshot
from nimbus_tui.core.panels import LadderPanel, Panel
from nimbus_tui.tui.viewmodels.ladder import Ladder, ladder
from nimbus_tui.tui.viewmodels.lines import heading


def picture(panel: Panel | None, bot: BotSnapshot | None, width: int, places: int = 0) -> Ladder:
    """The panel of one bot as lines; prices have at least so many places."""
    if bot is None:
        return ladder(None, None, width, places)
    if panel is None or isinstance(panel, LadderPanel):
        return ladder(panel, bot, width, places)
    return Ladder((heading(bot.bot_id, width),), ())
