"""The real server with a whole city's documents, seen through real clients."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.e2e import teams_stage
from tests.e2e.slack_fixtures import stage
from tests.e2e.slack_fixtures.stage import Slack, browser, pictures, wait_until, words

pytestmark = [pytest.mark.e2e, pytest.mark.filterwarnings("default")]

ROOT = Path(__file__).parents[2]
SHOMU = str(Path(sys.executable).parent / "shomu")
DOCUMENTS = ROOT / "infra" / "sample-city" / "documents"
MENTION = f"<@{stage.BOT_USER}>"
QUESTION = "夏季休暇は何日まで取れますか"
ANSWER = "日数は6日の範囲内です"
SOURCE = "休暇の手引.docx ＞ 4 特別休暇 ＞ 4-1 夏季休暇"


@pytest.fixture(scope="module")
def office(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A state directory with the sample city's documents; returns its parent."""
    folder = tmp_path_factory.mktemp("city")
    shomu(folder, "docs", "add", str(DOCUMENTS), "--label", "2")
    return folder


def shomu(folder: Path, *command: str) -> str:
    plain = {name: value for name, value in os.environ.items() if not name.startswith("SHOMU_")}
    done = subprocess.run(
        [SHOMU, *command],
        env=plain | {"SHOMU_HOME": str(folder / "home")},
        capture_output=True,
        text=True,
        timeout=180,
        check=True,
    )
    return done.stdout


@pytest.fixture(scope="module", params=["events", "socket"])
def slack(request: pytest.FixtureRequest, office: Path) -> Iterator[Slack]:
    if stage.why_not():
        pytest.skip(stage.why_not())
    command = f"{SHOMU} serve --port {stage.SERVER_PORT} --no-links"
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("E2E_SLACK_SERVER", command)
        with stage.own_network(), stage.running(office, request.param) as client:
            yield client


@pytest.fixture(scope="module")
def teams(office: Path) -> Iterator[teams_stage.Client]:
    if teams_stage.why_not():
        pytest.skip(teams_stage.why_not())
    command = [SHOMU, "serve", "--port", str(teams_stage.BOT_PORT), "--no-links"]
    home = {"SHOMU_HOME": str(office / "home")}
    with teams_stage.running(office, command, home) as client:
        yield client


def test_a_mention_in_slack_is_answered_from_the_manual_and_accounted_for(
    slack: Slack, office: Path
) -> None:
    ts = slack.say(f"{MENTION} {QUESTION}")
    answer = slack.wait_for_answer(ts)
    assert ANSWER in words(answer)
    assert SOURCE in words(answer)
    assert "2026-04-01 改正" in words(answer)
    with browser() as page:
        page.goto(slack.base)
        page.get_by_text("1 reply").first.click()
        page.get_by_text(ANSWER).first.wait_for()
        page.screenshot(path=str(pictures() / f"whole-slack-{slack.mode}.png"))
    found = json.loads(shomu(office, "audit", "search", "--action", "assistant.answer", "--json"))
    newest = found[0]
    assert newest["platform"] == "slack"
    assert newest["outcome"] == "answered"
    assert newest["sources"][0]["document"] == "休暇の手引.docx"
    assert newest["turn"][-12:] in words(answer)
    assert "改ざんされていません" in shomu(office, "audit", "verify")


def test_a_follow_up_in_slack_understands_what_was_asked_before(slack: Slack) -> None:
    ts = slack.say(f"{MENTION} {QUESTION}")
    slack.wait_for_answer(ts)
    slack.say("半日でも取れますか", thread=ts)
    wait_until(lambda: len(slack.answers(ts)) == 2)
    assert "半日や時間での取得はできません" in words(slack.answers(ts)[1])


def test_a_slash_command_is_private_until_it_is_shared(slack: Slack) -> None:
    question = "避難所の消灯時間は"
    slack.control("command", channel="C2JINJI", user="U1SATO", command="/shomu", text=question)
    private = slack.wait_for_text("消灯は午後10時", "C2JINJI")
    assert private["ephemeral_to"] == "U1SATO"
    slack.press(private, "みんなに共有")
    wait_until(lambda: "ephemeral_to" not in slack.wait_for_text("消灯は午後10時", "C2JINJI"))


def test_a_file_attached_in_slack_is_searched_first(slack: Slack) -> None:
    content = "# 懇親会\n\n会費は4,200円です。\n集合は午後6時に正面玄関です。\n"
    slack.upload(f"{MENTION} 会費はいくらですか", "懇親会.md", content.encode())
    assert "懇親会.md" in words(slack.wait_for_text("会費は4,200円です。"))


def test_a_question_in_teams_is_answered_from_the_manual_and_accounted_for(
    teams: teams_stage.Client, office: Path
) -> None:
    teams.text("はじめまして。").wait_for()
    teams.say(QUESTION)
    teams.text(ANSWER).wait_for()
    teams.text(SOURCE).wait_for()
    teams.page.screenshot(path=str(pictures() / "whole-teams.png"))
    teams.say("半日でも取れますか")
    teams.text("半日や時間での取得はできません").wait_for()
    teams.button("役に立った").click()
    teams.text("ご意見を受け付けました。").wait_for()
    found = json.loads(shomu(office, "audit", "search", "--json"))
    assert {"teams"} == {
        line["platform"] for line in found if line["action"] == "assistant.answer"
    } & {"teams"}
    wait_until(
        lambda: (
            "assistant.feedback"
            in shomu(office, "audit", "search", "--action", "assistant.feedback")
        )
    )
    assert "改ざんされていません" in shomu(office, "audit", "verify")
