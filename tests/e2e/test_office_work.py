"""Minutes, drafts and opinions with the real server, in the real Slack client."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.slack_fixtures import stage
from tests.e2e.slack_fixtures.stage import Slack, browser, pictures, wait_until, words

pytestmark = [
    pytest.mark.e2e,
    pytest.mark.filterwarnings("default"),
    pytest.mark.skipif(bool(stage.why_not()), reason=stage.why_not() or "ready"),
]

SHOMU = str(Path(sys.executable).parent / "shomu")
MENTION = f"<@{stage.BOT_USER}>"
TRANSCRIPT = Path(__file__).parents[1] / "minutes" / "data" / "transcripts" / "plain.txt"
OPINIONS = [
    "バスの本数を増やしてください。夜の便がなくて困っています。",
    "バスの減便はやめてください。通院に使っています。",
    "夜8時以降のバスがなくて困っています。",
    "保育園に入れませんでした。定員を増やしてください。",
    "保育園の待機児童をなくしてください。",
    "保育園の定員が足りません。",
    "公園の草刈りの回数を増やしてください。",
    "公園の遊具が古くて心配です。",
]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("work")


@pytest.fixture(scope="module")
def slack(folder: Path) -> Iterator[Slack]:
    command = f"{SHOMU} serve --port {stage.SERVER_PORT} --no-links"
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("E2E_SLACK_SERVER", command)
        with stage.own_network(), stage.running(folder, "events") as client:
            yield client


def actions(folder: Path, name: str) -> list[dict[str, Any]]:
    """What is on record of one action."""
    plain = {key: value for key, value in os.environ.items() if not key.startswith("SHOMU_")}
    done = subprocess.run(
        [SHOMU, "audit", "search", "--action", name, "--json"],
        env=plain | {"SHOMU_HOME": str(folder / "home")},
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    return list(json.loads(done.stdout))


def files(slack: Slack, channel: str = "C1SOMU") -> list[str]:
    """The names of the files the bot has sent to a channel."""
    return [
        item["name"]
        for message in slack.messages(channel)
        if message["user"] == stage.BOT_USER
        for item in message.get("files") or ()
    ]


def test_a_transcript_becomes_minutes_that_are_checked_approved_and_filed(
    slack: Slack, folder: Path
) -> None:
    slack.upload(f"{MENTION} 議事録にして", "審議会.txt", TRANSCRIPT.read_bytes())
    draft = slack.wait_for_text("下書き（未確認）")
    assert "モデル地区での試行を答申に盛り込む" in words(draft)
    slack.press(draft, "内容を確認した")
    slack.press(slack.wait_for_text("確認済み"), "承認する")
    filed = slack.wait_for_text("承認済み")
    slack.press(filed, "Wordで受け取る")
    wait_until(lambda: any(name.endswith(".docx") for name in files(slack)), seconds=40)
    assert actions(folder, "minutes.checked")
    assert actions(folder, "minutes.approved")


def test_a_draft_command_opens_its_forms_and_leads_to_a_word_file(
    slack: Slack, folder: Path
) -> None:
    slack.command("/draft")
    wait_until(lambda: any(entry["summary"] == "views.open" for entry in slack.log()))
    with browser() as page:
        page.goto(slack.base)
        page.locator(".bk-input .bk-select").select_option("通知")
        page.get_by_role("button", name="次へ").click()
        page.get_by_text("通知の下書き").first.wait_for()
        page.screenshot(path=str(pictures() / "slack-draft-form.png"))
        page.locator(".bk-plain-input").first.fill("防災訓練の実施")
        page.get_by_role("button", name="下書きを作る").click()
        direct = slack.direct_channel()
        wait_until(lambda: any("通知" in name for name in files(slack, direct)), seconds=40)
    assert actions(folder, "draft.drafted")


def test_a_file_of_opinions_becomes_topics_a_map_and_a_table(slack: Slack, folder: Path) -> None:
    rows = ["番号,御意見", *(f"{n},{text}" for n, text in enumerate(OPINIONS * 3, 1))]
    content = "\r\n".join(rows).encode("cp932")
    slack.upload(f"{MENTION} 意見を整理して", "意見募集.csv", content)
    direct = slack.direct_channel()
    wait_until(lambda: len(files(slack, direct)) >= 4, seconds=120)
    names = files(slack, direct)
    assert {name.rpartition(".")[2] for name in names} >= {"html", "png", "xlsx", "md"}
    assert actions(folder, "opinions.analysed")
