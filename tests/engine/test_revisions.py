"""What is newer than what a client has seen: bots, the roster, and word of the next change."""

import asyncio

from nimbus_tui.engine.revisions import Revisions


def test_a_bot_that_changed_belongs_to_the_revision_that_comes_next() -> None:
    revisions = Revisions()
    seen = revisions.newest
    revisions.bot_changed("one")
    assert (revisions.bots["one"] > seen, revisions.bots["two"] > seen) == (True, False)
    revisions.changed()
    assert revisions.bots["one"] == revisions.newest


def test_a_bot_that_is_gone_makes_every_older_revision_too_old() -> None:
    revisions = Revisions()
    assert revisions.roster < revisions.newest
    seen = revisions.newest
    revisions.bot_gone()
    revisions.changed()
    assert seen < revisions.roster <= revisions.newest


async def test_everybody_who_waits_hears_of_the_next_change_and_of_it_once() -> None:
    revisions = Revisions()
    waiting = [asyncio.create_task(revisions.news()) for _ in range(2)]
    await asyncio.sleep(0)
    revisions.changed()
    await asyncio.gather(*waiting)
    later = asyncio.create_task(revisions.news())
    await asyncio.sleep(0)
    assert not later.done()
    revisions.changed()
    await later
