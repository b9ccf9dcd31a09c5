"""Reading a Slack channel or thread back: whose words, in which order, and what cannot be read."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from bot.adapters.slack import events as slack_events
from bot.adapters.slack import reading as slack_reading
from bot.adapters.slack.api import SlackRefused
from bot.adapters.slack.people import People
from bot.errors import BadInput
from tests.adapters.slack_side import BOT, ROOT, TEAM, FakeSlack


@pytest.fixture
def slack() -> FakeSlack:
    return FakeSlack()


def _reading(slack: FakeSlack, **about: Any) -> slack_reading.Reading:
    heard = slack_events.Heard("mention", "U1", TEAM, "C1", **about)
    return slack_reading.Reading(slack, People(slack), heard, BOT)


def _moment(ts: str) -> datetime:
    return datetime.fromtimestamp(float(ts), UTC)


async def test_a_channel_is_read_back_with_its_threads_and_names(slack: FakeSlack) -> None:
    slack.users["U2"] = {"real_name": "田中", "team_id": TEAM}
    before = slack.say("前の週の話です。", thread="")
    first = slack.say("鍵の件、<@U2> さんお願いします。", thread="")
    slack.channels["C1"][-1]["reply_count"] = 1
    reply = slack.say("借りておきます。", user="U2", thread=first)
    slack.say("参加しました", thread="")
    slack.channels["C1"][-1]["subtype"] = "channel_join"
    slack.say("お知らせを流しました。", thread="")
    slack.channels["C1"][-1]["bot_id"] = "B9"
    last = slack.say("次の話です。", thread="")
    after = slack.say("あとの話です。", thread="")
    # Slack shows what is said in a thread in the thread alone.
    slack.threads_apart = True
    said = await _reading(slack).back(_moment(first), _moment(after))
    assert [(line.name, line.text) for line in said] == [
        ("佐藤", "鍵の件、田中 さんお願いします。"),
        ("田中", "借りておきます。"),
        ("佐藤", "次の話です。"),
    ]
    assert [line.at for line in said] == [_moment(first), _moment(reply), _moment(last)]
    assert before < first


async def test_a_whole_thread_is_read_back_up_to_the_question(slack: FakeSlack) -> None:
    slack.page = 7
    for number in range(30):
        slack.say(f"{number}番目の話です。")
    asked = slack.say(f"<@{BOT}> 要約して")
    slack.say("あとの話です。")
    said = await _reading(slack, thread=ROOT, ts=asked).back(None, None)
    assert [line.text for line in said] == [f"{number}番目の話です。" for number in range(30)]
    assert await _reading(slack).back(None, None) == []


async def test_a_channel_the_bot_is_not_in_says_how_to_invite_it(slack: FakeSlack) -> None:
    slack.failures["conversations.history"] = [
        SlackRefused("conversations.history", "not_in_channel")
    ]
    with pytest.raises(BadInput) as caught:
        await _reading(slack).back(_moment("1"), _moment("2"))
    assert "/invite @庶務" in caught.value.remedy


async def test_more_than_can_be_read_at_once_asks_for_a_shorter_time(slack: FakeSlack) -> None:
    first = slack.say("始めます。", thread="")
    for _ in range(slack_reading.MOST_THREADS):
        slack.say("話題です。", thread="")
    for item in slack.channels["C1"]:
        item["reply_count"] = 2
    last = slack.say("終わります。", thread="")
    with pytest.raises(BadInput) as caught:
        await _reading(slack).back(_moment(first), _moment(last))
    assert "期間を短く" in caught.value.remedy


async def test_words_from_app_home_have_no_channel_to_read(slack: FakeSlack) -> None:
    heard = slack_events.Heard("direct", "U1", TEAM, "")
    reading = slack_reading.Reading(slack, People(slack), heard, BOT)
    with pytest.raises(BadInput) as caught:
        await reading.back(_moment("1"), _moment("2"))
    assert "チャンネルの中で" in caught.value.remedy
