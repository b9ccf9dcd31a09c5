"""The same words always reach the same skill."""

from __future__ import annotations

import pytest

from bot import Context, Message, Place, Reply, Skill
from bot.messages import Actor
from bot.routing import route


async def run(message: Message, context: Context) -> Reply:
    return Reply("")


SKILLS = {
    skill.name: skill
    for skill in (
        Skill(run, "manual-search", "マニュアル検索", "探す", triggers=("調べて",)),
        Skill(run, "parking", "駐車場", "予約", triggers=("駐車",)),
        Skill(run, "parking-fee", "駐車料金", "料金", triggers=("駐車料金",)),
    )
}


def said(text: str, command: str = "") -> Message:
    return Message(text, Actor("U1"), Place("slack", "T", "C"), command=command)


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("夏季休暇は何日まで取れますか", "manual-search"),
        ("夏季休暇 日数", "manual-search"),
        ("駐車場を予約したい", "parking"),
        ("駐車料金はいくら", "parking-fee"),
        ("parking 明日", "parking"),
        ("ＰＡＲＫＩＮＧ　明日", "parking"),
        ("マニュアル検索 駐車の決まり", "manual-search"),
        ("テスト環境の申請方法", "manual-search"),
        ("すみません、転入届の書き方は", "manual-search"),
        ("hikkoshi no tetsuzuki", "manual-search"),
    ],
)
def test_words_reach_their_skill(text: str, name: str) -> None:
    chosen = route(said(text), SKILLS).skill
    assert chosen is not None
    assert chosen.name == name


@pytest.mark.parametrize(
    "text",
    [
        "",
        " ",
        "？",
        "ヘルプ",
        "使い方",
        "こんにちは",
        "ありがとうございました！",
        "テスト",
        "🙂",
        "。",
    ],
)
def test_greetings_and_empty_mentions_get_help(text: str) -> None:
    assert route(said(text), SKILLS).skill is None


def test_an_explicit_command_wins_over_every_trigger() -> None:
    chosen = route(said("駐車料金", command="manual-search"), SKILLS)
    assert chosen.skill is SKILLS["manual-search"]


def test_the_name_of_a_skill_is_not_part_of_the_question() -> None:
    assert route(said("マニュアル検索 駐車の決まり"), SKILLS).text == "駐車の決まり"


def test_a_follow_up_stays_with_the_skill_of_its_thread_unless_a_trigger_says_otherwise() -> None:
    assert route(said("半日でもいいですか"), SKILLS, "parking").skill is SKILLS["parking"]
    assert route(said("調べて"), SKILLS, "parking").skill is SKILLS["manual-search"]
