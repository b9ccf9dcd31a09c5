"""The fixtures that an author of skills gets by installing the bot."""

from __future__ import annotations

from bot import Context, Message, Reply, skill
from bot.testing import StillClock
from bot.testing.kit import Kit


async def test_the_kit_fixture_makes_a_bot_that_answers(kit: type[Kit]) -> None:
    @skill(name="manual-search", title="x", description="x")
    async def say(message: Message, context: Context) -> Reply:
        return Reply("8時からです。")

    assert (await kit([say]).say("駐車場は何時からですか")).text == "8時からです。"


def test_the_clock_fixture_stands_still_until_it_is_moved(still_clock: StillClock) -> None:
    before = still_clock.now()
    assert still_clock.now() == before
    still_clock.move(60)
    assert (still_clock.now() - before).total_seconds() == 60
