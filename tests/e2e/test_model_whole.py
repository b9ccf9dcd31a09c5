"""A question with a model configured: what a person reads when it answers, lies or fails."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.test_model import AIMOCK, Fixture, pytestmark, refuses, says

__all__ = ["pytestmark"]  # the same marks: these tests need the same server

SHOMU = Path(sys.executable).parent / "shomu"
MANUAL = "# 夏季休暇\n\n夏季休暇は、7月から9月までの間に5日以内とする。\n"
QUESTION = "夏季休暇は何日ですか。連絡は 090-1234-5678 へ"


@contextmanager
def aimock(folder: Path, *fixtures: Fixture) -> Iterator[str]:
    """aimock with one fixture for each request in turn; yields its address."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    path = folder / "fixtures.json"
    listed = [{"match": {"sequenceIndex": n}, **fixture} for n, fixture in enumerate(fixtures)]
    path.write_text(json.dumps({"fixtures": listed}), "utf-8")
    quiet = subprocess.DEVNULL
    process = subprocess.Popen(
        ["node", str(AIMOCK), "-p", str(port), "-f", str(path), "--strict"],
        stdin=quiet,
        stdout=quiet,
        stderr=quiet,
    )
    try:
        deadline = time.monotonic() + 20
        while time.monotonic() < deadline:
            try:
                socket.create_connection(("127.0.0.1", port), 1).close()
                break
            except OSError:
                time.sleep(0.05)
        yield f"http://127.0.0.1:{port}/v1"
    finally:
        process.terminate()
        process.wait(10)


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("office")
    (folder / "休暇の手引.md").write_text(MANUAL, encoding="utf-8")
    run(folder / "home", "docs", "add", str(folder / "休暇の手引.md"), "--label", "2")
    return folder / "home"


def run(home: Path, *words: str, **settings: str) -> str:
    plain = {name: value for name, value in os.environ.items() if not name.startswith("SHOMU_")}
    done = subprocess.run(
        [str(SHOMU), *words],
        env=plain | {"SHOMU_HOME": str(home)} | settings,
        capture_output=True,
        text=True,
        timeout=120,
        check=True,
    )
    return done.stdout


def ask(home: Path, folder: Path, *fixtures: Fixture) -> tuple[dict[str, Any], str]:
    """The answer as JSON, and what the record says of it."""
    with aimock(folder, *fixtures) as url:
        settings = {
            "SHOMU_MODEL": "gpt-test",
            "SHOMU_MODEL_URL": url,
            "SHOMU_MODEL_KEY": "unused",
            "SHOMU_MODEL_ZONE": "cloud",
            "SHOMU_MODEL_TIMEOUT": "4",
        }
        answer = json.loads(run(home, "ask", QUESTION, "--json", **settings))
    found = json.loads(run(home, "audit", "search", "--action", "assistant.answer", "--json"))
    return answer, json.dumps(found[0], ensure_ascii=False)


def test_a_model_answers_in_prose_with_its_prompt_on_record(home: Path, tmp_path: Path) -> None:
    answer, record = ask(home, tmp_path, says("夏季休暇は5日以内です〔1〕。"))
    assert answer["engine"] == "gpt-test"
    assert answer["answer"] == "夏季休暇は5日以内です〔1〕。"
    assert answer["citations"][0]["document"] == "休暇の手引.md"
    assert "manual-search/answer.ja@1.0.0+" in record
    assert '"decision": "mask"' in record
    assert "090-1234-5678" not in record
    use = next(text for text in json.loads(record)["prompts"])
    assert "name: manual-search/answer.ja" in run(home, "prompts", "show", use)
    assert json.loads(record)["model"] == "gpt-test"


@pytest.mark.parametrize(
    ("fixtures", "reason"),
    [
        ([says("夏季休暇は30日です〔1〕。")], ""),
        ([says("夏季休暇は5日以内です。")], ""),
        ([refuses(500)] * 3, "server_error"),
        ([refuses(429, retryAfter=60)] * 3, "rate_limited"),
        ([refuses(401)], "refused_key"),
        ([says("x") | {"chaos": {"malformedRate": 1}}] * 3, "garbage"),
        ([says("x") | {"chaos": {"disconnectRate": 1}}] * 3, "unreachable"),
        ([says("x") | {"chaos": {"latencyMs": 20_000}}] * 3, "timeout"),
    ],
    ids=["lie", "no citation", "500", "429", "401", "garbage", "cut connection", "time-out"],
)
def test_a_model_that_lies_or_fails_ends_in_the_passages_and_the_reason_on_record(
    home: Path, tmp_path: Path, fixtures: list[Fixture], reason: str
) -> None:
    answer, record = ask(home, tmp_path, *fixtures)
    assert answer["status"] == "answered"
    assert answer["engine"] == "offline"
    assert "**夏季休暇は、7月から9月までの間に5日以内とする。**" in answer["answer"]
    assert "30日" not in answer["answer"]
    assert reason in record
    # What was spent is on record even when what came of it was not used.
    assert (json.loads(record)["model"] == "gpt-test") == (not reason)
