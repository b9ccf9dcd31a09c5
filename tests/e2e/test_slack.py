"""What staff see in Slack: a real client, over HTTP and over Socket Mode.

The client is local-slack, in a network of its own. What it lacks (retries, bad signatures) is
signed here by hand.
"""

from __future__ import annotations

import hmac
import json
import time
import urllib.error
from collections.abc import Iterator
from contextlib import ExitStack
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.slack_fixtures import stage
from tests.e2e.slack_fixtures.stage import Slack, browser, pictures, wait_until, words

pytestmark = [
    pytest.mark.e2e,
    pytest.mark.skipif(bool(stage.why_not()), reason=stage.why_not() or "ready"),
]

MENTION = f"<@{stage.BOT_USER}>"
QUESTION = "夏季休暇は何日まで取れますか"
ANSWER = "原則として連続する5日の範囲内"
SOURCE = (
    "出典〔1〕 *職員の休暇に関する規則 ＞ 第3章 特別休暇 ＞ 第12条 夏季休暇 p.4（2026-03-24 改正）*"
)


@pytest.fixture(scope="module", params=["events", "socket"])
def slack(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Slack]:
    folder: Path = tmp_path_factory.mktemp(f"slack-{request.param}")
    with stage.own_network(), stage.running(folder, request.param) as client:
        yield client


def test_a_mention_is_answered_in_its_thread_with_sources(slack: Slack) -> None:
    ts = slack.say(f"{MENTION} {QUESTION}")
    answer = slack.wait_for_answer(ts)
    assert ANSWER in words(answer)
    assert SOURCE in words(answer)
    assert "オフライン（AIなし）" in words(answer)
    assert "受付番号" in words(answer)
    assert answer["text"] == "夏季休暇は、原則として連続する5日の範囲内の期間です。"


def test_a_placeholder_is_shown_while_it_takes_long_and_becomes_the_answer(slack: Slack) -> None:
    ts = slack.say(f"{MENTION} ゆっくりでよいので、{QUESTION}")
    wait_until(lambda: any("調べています" in words(item) for item in slack.thread(ts)))
    placeholder = slack.thread(ts)[0]["ts"]
    assert slack.wait_for_answer(ts)["ts"] == placeholder
    assert len(slack.thread(ts)) == 1


def test_one_mention_that_comes_as_two_events_is_answered_once(slack: Slack) -> None:
    ts = slack.say(f"{MENTION} {QUESTION}")
    slack.wait_for_answer(ts)
    later = slack.say(f"{MENTION} {QUESTION}")
    slack.wait_for_answer(later)
    assert len(slack.thread(ts)) == 1


def test_a_follow_up_in_the_thread_needs_no_mention(slack: Slack) -> None:
    ts = slack.say(f"{MENTION} {QUESTION}")
    slack.wait_for_answer(ts)
    slack.say("では履歴を見せて", thread=ts)
    wait_until(lambda: len(slack.answers(ts)) == 2)
    history = words(slack.answers(ts)[1])
    assert QUESTION in history
    assert "該当する箇所が見つかりました。" in history


def test_words_in_a_thread_the_bot_has_not_joined_are_left_alone(slack: Slack) -> None:
    ts = slack.say("お昼はどうしますか")
    slack.say(f"{QUESTION}だっけ", thread=ts)
    answered = slack.say(f"{MENTION} {QUESTION}")
    slack.wait_for_answer(answered)
    assert slack.thread(ts) == []


def test_an_empty_mention_is_answered_with_questions_to_start_from(slack: Slack) -> None:
    ts = slack.say(MENTION)
    answer = slack.wait_for_answer(ts)
    assert "公印を借りるにはどうしますか" in words(answer)
    slack.press(answer, "公印を借りるにはどうしますか", user="U2TANAKA")
    wait_until(lambda: len(slack.answers(ts)) == 2)
    assert "質問：公印を借りるにはどうしますか" in words(slack.answers(ts)[1])


def test_a_direct_message_is_answered_where_it_was_written(slack: Slack) -> None:
    channel = slack.direct_channel("U2TANAKA")
    slack.say(QUESTION, channel=channel, user="U2TANAKA")
    answer = slack.wait_for_text(ANSWER, channel)
    assert "thread_ts" not in answer


def test_a_command_is_answered_to_the_asker_alone_and_can_be_shared(slack: Slack) -> None:
    slack.control("command", channel="C2JINJI", user="U1SATO", command="/shomu", text=QUESTION)
    private = slack.wait_for_text(ANSWER, "C2JINJI")
    assert private["ephemeral_to"] == "U1SATO"
    slack.press(private, "みんなに共有")
    wait_until(lambda: "ephemeral_to" not in slack.wait_for_text(ANSWER, "C2JINJI"))
    shared = slack.wait_for_text(ANSWER, "C2JINJI")
    assert SOURCE in words(shared)


def test_feedback_is_thanked_for_privately(slack: Slack) -> None:
    ts = slack.say(f"{MENTION} {QUESTION}")
    slack.press(slack.wait_for_answer(ts), "役に立った", user="U2TANAKA")
    thanks = slack.wait_for_text("ご意見を記録しました")
    assert thanks["ephemeral_to"] == "U2TANAKA"


def test_a_file_of_an_answer_is_put_into_its_thread(slack: Slack) -> None:
    ts = slack.say(f"{MENTION} 議事録を作って")
    slack.wait_for_text("議事録の下書きです。")
    wait_until(lambda: any(item.get("files") for item in slack.thread(ts)))
    (shown,) = [item for item in slack.thread(ts) if item.get("files")]
    (file,) = shown["files"]
    assert file["title"] == "議事録（総務課）.txt"
    assert file["size"] == len("議事録\n一 開会\n".encode())


def test_an_attached_file_is_read(slack: Slack) -> None:
    content = ("議事録\n" * 100).encode()
    slack.upload(f"{MENTION} これを読んで", "会議.txt", content)
    assert slack.wait_for_text(f"会議.txt（{len(content)}バイト）を読みました。")


def test_a_long_answer_arrives_whole_in_several_messages(slack: Slack) -> None:
    ts = slack.say(f"{MENTION} 長いものを")
    wait_until(lambda: any("受付番号" in words(item) for item in slack.thread(ts)))
    wait_until(lambda: not any("調べています" in words(item) for item in slack.thread(ts)))
    said = "".join(words(item) for item in slack.thread(ts))
    assert len(slack.thread(ts)) > 1
    assert all(f"{n}番目の規定は、次のとおりとする。" in said for n in range(1500))


def test_a_form_opens_checks_what_is_missing_and_is_answered(slack: Slack) -> None:
    ts = slack.say(f"{MENTION} 出張の申請をしたい")
    slack.press(slack.wait_for_answer(ts), "出張の申請")
    opened = [entry for entry in slack.log() if entry["summary"] == "views.open"][-1]
    names = [block["block_id"] for block in opened["detail"]["view"]["blocks"]]
    assert names == ["place", "date", "purpose", "memo"]
    with browser() as page:
        page.goto(slack.base)
        page.get_by_role("button", name="送信").click()
        page.get_by_text("入力してください。").first.wait_for()
        page.locator(".bk-plain-input").first.fill("県庁")
        page.locator("input[type=date]").fill("2026-12-01")
        page.locator(".bk-input .bk-select").select_option("研修")
        page.get_by_role("button", name="送信").click()
        wait_until(lambda: len(slack.answers(ts)) == 2)
    assert "place=県庁、date=2026-12-01、purpose=研修" in words(slack.answers(ts)[1])


def test_a_deleted_question_is_not_answered(slack: Slack) -> None:
    busy = slack.say(f"{MENTION} ゆっくりお願いします")
    wait_until(lambda: bool(slack.thread(busy)))
    ts = slack.say(f"{MENTION} 取り消す質問")
    slack.control("delete-message", channel="C1SOMU", ts=ts, user="U1SATO")
    last = slack.say(f"{MENTION} {QUESTION}")
    slack.wait_for_answer(last)
    assert slack.thread(ts) == []


def test_a_delivery_that_slack_repeats_is_answered_once(slack: Slack) -> None:
    if slack.mode == "socket":
        pytest.skip("signed by hand: HTTP only")
    root = slack.say("これから届く質問の場所")
    moment = f"{time.time():.6f}"
    asked = {"type": "app_mention", "channel": "C1SOMU", "user": "U1SATO", "ts": moment}
    event = {**asked, "text": f"{MENTION} {QUESTION}", "thread_ts": root}
    for retry in ("", "1", "2"):
        deliver({"event": event, "event_id": f"Ev{retry}"}, retry)
    slack.wait_for_answer(root)
    later = slack.say(f"{MENTION} {QUESTION}")
    slack.wait_for_answer(later)
    assert len(slack.thread(root)) == 1
    with pytest.raises(urllib.error.HTTPError, match="401"):
        deliver({"event": event}, "", secret="not the secret")


def test_app_home_shows_the_tour_and_a_question_there_is_answered_in_the_direct_message(
    slack: Slack,
) -> None:
    with browser() as page:
        page.goto(slack.base)
        page.locator(".sidebar-item", has_text="庶務").last.click()
        page.get_by_text("庶務へようこそ").wait_for()
        for step in ("1. 聞く", "2. 確かめる", "3. 続ける"):
            page.get_by_text(step).wait_for()
        page.screenshot(path=str(pictures() / f"slack-home-{slack.mode}.png"))
        page.get_by_role("button", name="出張の日当はいくらですか").click()
        answer = slack.wait_for_text("質問：出張の日当", slack.direct_channel())
        assert ANSWER in words(answer)
        page.get_by_role("button", name="わかりました").click()
        page.get_by_text("1. 聞く").wait_for(state="detached")
        page.get_by_role("button", name="出張の日当はいくらですか").wait_for()


def test_the_thread_reads_well_in_the_client(slack: Slack) -> None:
    ts = slack.say(f"{MENTION} {QUESTION}")
    slack.wait_for_answer(ts)
    with browser() as page:
        page.goto(slack.base)
        page.locator(".sidebar-item", has_text="総務課").click()
        page.locator(f'[data-ts="{ts}"] .thread-summary').click()
        page.locator(".bk-text strong", has_text=ANSWER).last.wait_for()
        page.get_by_role("button", name="役に立った").last.wait_for()
        page.screenshot(path=str(pictures() / f"slack-thread-{slack.mode}.png"))


def test_after_slack_was_away_socket_mode_connects_again_by_itself(tmp_path: Path) -> None:
    with stage.own_network(), ExitStack() as first:
        client = first.enter_context(stage.local_slack(tmp_path, "socket"))
        with stage.server(tmp_path, "socket"):
            wait_until(client.is_connected, seconds=30)
            first.close()
            with stage.local_slack(tmp_path, "socket") as again:
                wait_until(again.is_connected, seconds=60)
                ts = again.say(f"{MENTION} {QUESTION}")
                assert ANSWER in words(again.wait_for_answer(ts))


def deliver(about: dict[str, Any], retry: str, secret: str = stage.SECRET) -> None:
    """Send an event the way Slack does, signed by hand."""
    payload = {"type": "event_callback", "team_id": stage.TEAM, **about}
    body = json.dumps(payload).encode()
    timestamp = str(int(time.time()))
    digest = hmac.new(secret.encode(), f"v0:{timestamp}:".encode() + body, sha256).hexdigest()
    headers = {"X-Slack-Request-Timestamp": timestamp, "X-Slack-Signature": f"v0={digest}"}
    if retry:
        headers["X-Slack-Retry-Num"] = retry
    stage.request(f"http://127.0.0.1:{stage.SERVER_PORT}/slack/events", body, headers)
