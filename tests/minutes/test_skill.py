"""Minutes as staff meet them: a file in a thread, a thread itself, a command."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from bot import Context, Message, Reply
from bot.app import ROOT
from bot.messages import Actor, Said
from bot.prompts import load_prompts
from bot.registry import load_skills
from bot.testing.kit import SHIPPED_PROMPTS, Kit

TRANSCRIPTS = Path(__file__).parent / "data" / "transcripts"
PLAIN = (TRANSCRIPTS / "plain.txt").read_bytes()
SHOMU = Path(sys.executable).parent / "shomu"


async def plain(message: Message, context: Context) -> Reply:
    return Reply("")


def kit() -> Kit:
    skills = load_skills([ROOT / "skills"], load_prompts([SHIPPED_PROMPTS]), plain)
    return Kit(skills.values())


async def test_a_transcript_in_the_thread_becomes_a_draft_with_the_lines_it_rests_on() -> None:
    content = PLAIN
    reply = await kit().say("議事録にして", files={"会議.txt": content})
    assert reply.status == "answered"
    assert "下書き（未確認）" in reply.text
    assert "**決定**" in reply.text
    assert "**対応**" in reply.text
    assert "行目" in reply.text
    assert "未確認の下書きです" in reply.notice
    lines = {source.page for source in reply.sources}
    assert lines
    assert all(page.endswith("行目") for page in lines)
    assert reply.data["items"]


async def test_a_thread_is_summarised_without_the_bots_own_lines() -> None:
    bot = kit()
    bot.chat.said = [
        Said("来週の防災訓練は雨天の場合は体育館で行うこととします。", by_bot=False, name="佐藤"),
        Said("該当する箇所が見つかりました。", by_bot=True),
        Said("体育館の鍵は私が金曜日までに借りておきます。", by_bot=False, name="田中"),
    ]
    reply = await bot.say("要約して", kind="follow-up")
    assert "体育館" in reply.text
    assert "担当 田中" in reply.text
    assert "該当する箇所" not in reply.text


async def test_without_a_transcript_the_person_is_told_how() -> None:
    reply = await kit().say("議事録を作りたい")
    assert reply.status == "help"
    assert "添付して" in reply.text


@pytest.mark.parametrize("name", ["broken.srt", "teams.vtt", "zoom.txt", "word-minutes.txt"])
def test_the_command_prints_the_stable_json(name: str, tmp_path: Path) -> None:
    given = {key: value for key, value in os.environ.items() if not key.startswith("SHOMU_")}
    done = subprocess.run(
        [str(SHOMU), "minutes", str(TRANSCRIPTS / name), "--limit", "100", "--json"],
        env=given | {"SHOMU_HOME": str(tmp_path)},
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    found = json.loads(done.stdout)
    assert {"title", "date", "speakers", "items", "summary", "engine"} <= set(found)
    assert len(found["summary"]) <= 100
    keys = {"kind", "text", "lines", "speaker", "agenda", "owner", "owner_inferred", "due"}
    assert all(keys | {"due_text", "doubtful"} == set(item) for item in found["items"])


def test_a_wrong_date_or_limit_is_explained(tmp_path: Path) -> None:
    given = {key: value for key, value in os.environ.items() if not key.startswith("SHOMU_")}
    for option, words in (("--date", "2026-11-22 の形"), ("--limit", "20から10000")):
        done = subprocess.run(
            [str(SHOMU), "minutes", str(TRANSCRIPTS / "plain.txt"), option, "いつか"],
            env=given | {"SHOMU_HOME": str(tmp_path)},
            capture_output=True,
            text=True,
            timeout=120,
        )
        assert done.returncode == 1
        assert words in done.stdout


def test_rows_are_evaluated_one_for_one(tmp_path: Path) -> None:
    rows = tmp_path / "rows.jsonl"
    said = [
        {"line": 1, "speaker": "市長", "text": "保育所の定員を来年度に60人増やしてまいります。"}
    ]
    rows.write_text(
        json.dumps({"id": "a", "utterances": said, "length_limit": 50}, ensure_ascii=False) + "\n",
        encoding="utf-8",
    )
    given = {key: value for key, value in os.environ.items() if not key.startswith("SHOMU_")}
    done = subprocess.run(
        [str(SHOMU), "eval", "minutes", str(rows)],
        env=given | {"SHOMU_HOME": str(tmp_path)},
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert done.returncode == 0, done.stderr
    found = [json.loads(line) for line in done.stdout.splitlines()]
    assert [row["id"] for row in found] == ["a"]
    assert found[0]["lines"] == [1]
    assert found[0]["summary"].endswith("。")
    assert len(found[0]["summary"]) <= 50


async def press(bot: Kit, reply: Reply, title: str, user: str = "U1") -> Reply:
    action = next(action for action in reply.actions if action.title.startswith(title))
    values = {"value": action.value, "turn": reply.turn}
    actor = Actor(user)
    return await bot.say(
        action.value, kind="button", command=action.name, values=values, actor=actor
    )


async def test_a_draft_is_checked_then_approved_and_each_step_is_on_record() -> None:
    bot = kit()
    draft = await bot.say("議事録にして", files={"会議.txt": PLAIN})
    assert not any(action.title == "承認する" for action in draft.actions)
    checked = await press(bot, draft, "内容を確認した", user="U2")
    assert "確認済みにしました" in checked.text
    approved = await press(bot, checked, "承認する", user="U3")
    assert "承認済みにしました" in approved.text
    steps = [(event.action, event.actor) for event in bot.audit.events.values()]
    assert ("minutes.drafted", "U1") in steps
    assert ("minutes.checked", "U2") in steps
    assert ("minutes.approved", "U3") in steps
    digests = {
        event.details["digest"]
        for event in bot.audit.events.values()
        if event.action in ("minutes.drafted", "minutes.checked", "minutes.approved")
    }
    assert len(digests) == 1


async def test_a_draft_cannot_be_approved_before_it_is_checked() -> None:
    bot = kit()
    draft = await bot.say("議事録にして", files={"会議.txt": PLAIN})
    values = {"value": f"approve {draft.turn}", "turn": draft.turn}
    reply = await bot.say("", kind="button", command="minutes", values=values)
    assert reply.status == "failed"
    assert "未確認" in reply.text


async def test_the_actions_of_approved_minutes_stay_on_the_list_until_they_are_done() -> None:
    bot = kit()
    assert "残っている対応はありません" in (await bot.say("対応一覧")).text
    draft = await bot.say("議事録にして", files={"会議.txt": PLAIN})
    actions = [item for item in draft.data["items"] if item["kind"] == "action"]
    assert "残っている対応はありません" in (await bot.say("対応一覧")).text
    await press(bot, await press(bot, draft, "内容を確認した"), "承認する")
    listed = await bot.say("対応一覧")
    assert listed.is_private
    assert f"残っている対応 {len(actions)}件" in listed.text
    done = await press(bot, listed, "完了")
    assert "完了にしました" in done.text
    assert [event.actor for event in bot.events("minutes.action-done")] == ["U1"]
    again = await bot.say("対応一覧")
    assert (f"残っている対応 {len(actions) - 1}件" in again.text) == (len(actions) > 1)
