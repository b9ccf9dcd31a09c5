"""What somebody at a terminal sees: the commands, run as they are installed."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
SHOMU = Path(sys.executable).parent / "shomu"
MANUAL = """# 休暇の手引

令和8年4月1日改正

## 夏季休暇

夏季休暇は、7月から9月までの間に5日以内で取ることができます。
半日単位では取れません。
"""


class Office:
    """A state directory, and the command run in it."""

    def __init__(self, home: Path) -> None:
        self.home = home
        self.environment = {
            name: value for name, value in os.environ.items() if not name.startswith("SHOMU_")
        } | {"SHOMU_HOME": str(home)}

    def run(self, *words: str, **environment: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [str(SHOMU), *words],
            env=self.environment | environment,
            capture_output=True,
            text=True,
            timeout=120,
        )

    def ok(self, *words: str) -> str:
        done = self.run(*words)
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout


@pytest.fixture(scope="module")
def office(tmp_path_factory: pytest.TempPathFactory) -> Office:
    folder = tmp_path_factory.mktemp("office")
    (folder / "手引").mkdir()
    (folder / "手引" / "休暇の手引.md").write_text(MANUAL, encoding="utf-8")
    found = Office(folder / "home")
    found.ok("docs", "add", str(folder / "手引"), "--workspace", "soumu", "--label", "2")
    return found


def test_a_question_is_answered_with_the_stable_json(office: Office) -> None:
    answer = json.loads(office.ok("ask", "夏季休暇は何日ですか", "--json"))
    keys = {"answer", "engine", "skill", "citations", "files", "audit_id", "status"}
    assert set(answer) == keys
    assert answer["files"] == []
    assert answer["status"] == "answered"
    assert answer["engine"] == "offline"
    assert "**夏季休暇は、7月から9月までの間に5日以内で取ることができます。**" in answer["answer"]
    citation = answer["citations"][0]
    assert set(citation) == {"document", "heading", "page", "revised", "passage_id", "quote"}
    assert citation["document"] == "休暇の手引.md"
    assert "夏季休暇" in citation["heading"]
    assert citation["revised"] == "2026-04-01"


def test_the_answer_can_be_proved_and_the_proof_needs_no_database(
    office: Office, tmp_path: Path
) -> None:
    audit_id = json.loads(office.ok("ask", "夏季休暇は何日ですか", "--json"))["audit_id"]
    proof = tmp_path / "proof.json"
    proof.write_text(office.ok("audit", "prove", audit_id), encoding="utf-8")
    empty = Office(tmp_path / "elsewhere")
    empty.ok("audit", "verify", "--proof", str(proof))
    proof.write_text(proof.read_text(encoding="utf-8").replace("soumu", "zeimu"), encoding="utf-8")
    assert empty.run("audit", "verify", "--proof", str(proof)).returncode == 1


def test_the_record_verifies_until_somebody_changes_it(tmp_path: Path) -> None:
    import sqlite3

    office = Office(tmp_path / "home")
    office.ok("ask", "夏季休暇は何日ですか")
    office.ok("audit", "verify")
    with sqlite3.connect(tmp_path / "home" / "shomu.db") as database:
        database.execute("UPDATE audit_event SET outcome = 'ok' WHERE action = 'assistant.answer'")
    done = office.run("audit", "verify")
    assert done.returncode == 1
    assert "問題が見つかりました" in done.stdout


def test_nothing_is_made_up_when_nothing_fits(office: Office) -> None:
    answer = json.loads(office.ok("ask", "火星移住の補助金はありますか", "--json"))
    assert answer["status"] == "not_found"
    assert answer["citations"] == []
    assert "見つかりませんでした" in answer["answer"]


def test_an_office_without_documents_is_told_so(tmp_path: Path) -> None:
    answer = json.loads(Office(tmp_path / "home").ok("ask", "夏季休暇は何日ですか", "--json"))
    assert answer["status"] == "not_found"
    assert "まだ登録されていません" in answer["answer"]


def test_search_prints_the_stable_json(office: Office) -> None:
    found = json.loads(office.ok("docs", "search", "夏季休暇", "--top", "1", "--json"))
    assert len(found) == 1
    assert set(found[0]) == {"passage_id", "document", "heading", "score", "text"}


@pytest.mark.parametrize(
    "words",
    [
        ("ask", "夏季休暇は", "--workspace", "zeimu"),
        ("docs", "search", "夏季休暇", "--workspace", "zeimu"),
        ("docs", "list", "--workspace", "zeimu"),
    ],
)
def test_an_unknown_workspace_is_named_with_those_there_are(
    office: Office, words: Sequence[str]
) -> None:
    done = office.run(*words)
    assert done.returncode == 1
    assert "「zeimu」というワークスペースはありません（登録済み：soumu）" in done.stderr


def test_two_missing_settings_are_both_named(office: Office) -> None:
    done = office.run("ask", "x", SHOMU_TEAMS_APP_ID="a")
    assert done.returncode == 2
    assert "SHOMU_TEAMS_APP_SECRET" in done.stderr
    assert "SHOMU_TEAMS_TENANT" in done.stderr


def test_an_unknown_setting_is_named_with_the_one_that_was_meant(office: Office) -> None:
    done = office.run("ask", "x", SHOMU_MODL="gpt")
    assert done.returncode == 2
    assert "SHOMU_MODEL のことですか" in done.stderr


def test_a_model_outside_the_egress_list_stops_the_start(office: Office) -> None:
    done = office.run("ask", "x", SHOMU_MODEL="m", SHOMU_MODEL_URL="https://example.com/v1")
    assert done.returncode == 2
    assert "SHOMU_EGRESS_HOSTS" in done.stderr


def test_a_state_directory_that_cannot_be_used_is_explained(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("", encoding="utf-8")
    done = Office(tmp_path / "file" / "home").run("ask", "x")
    assert done.returncode == 2
    assert "SHOMU_HOME のフォルダー" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_database_that_cannot_be_used_is_explained(tmp_path: Path) -> None:
    (tmp_path / "shomu.db").write_bytes(b"this is not a database" * 100)
    done = Office(tmp_path).run("ask", "x")
    assert done.returncode == 1
    assert "データベースを使えません" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_secret_is_never_printed(office: Office) -> None:
    done = office.run("settings", SHOMU_MODEL_KEY="sk-very-secret")
    assert "SHOMU_MODEL_KEY" in done.stdout
    assert "sk-very-secret" not in done.stdout


def test_a_skill_made_by_hand_answers_with_no_python(office: Office) -> None:
    office.ok("new", "駐車場")
    folder = office.home / "skills" / "駐車場"
    (folder / "references" / "大型車.md").write_text(
        "# 大型車\n\n大型バスは北側駐車場に2台までとめられます。", encoding="utf-8"
    )
    office.ok("skills", "check")
    answer = json.loads(office.ok("ask", "駐車場について 大型バスは何台とめられますか", "--json"))
    assert answer["skill"] == "駐車場"
    assert "2台まで" in answer["answer"]
    assert answer["citations"][0]["document"] == "大型車.md"
    (folder / "SKILL.md").write_text("---\nname: ちがう\n---\n", encoding="utf-8")
    done = office.run("ask", "x")
    assert done.returncode == 2
    assert "フォルダーの名前と name を同じにしてください" in done.stderr
    assert "「description」がありません" in done.stderr


def test_re_adding_updates_only_what_changed(tmp_path: Path) -> None:
    office = Office(tmp_path / "home")
    folder = tmp_path / "docs"
    folder.mkdir()
    for name in ("a.md", "b.md"):
        (folder / name).write_text(f"# {name}\n\n本文です。", encoding="utf-8")
    add = ("docs", "add", str(folder), "--workspace", "w", "--label", "1")
    assert "追加 2、更新 0、変更なし 0" in office.ok(*add)
    (folder / "b.md").write_text("# b\n\n直した本文です。", encoding="utf-8")
    assert "追加 0、更新 1、変更なし 1" in office.ok(*add)
    assert "b.md：外しました" in office.ok("docs", "remove", "b.md")
    assert "a.md" in (listed := office.ok("docs", "list"))
    assert "b.md" not in listed


def test_a_broken_document_is_named_and_the_rest_is_loaded(tmp_path: Path) -> None:
    office = Office(tmp_path / "home")
    folder = tmp_path / "docs"
    folder.mkdir()
    (folder / "good.md").write_text("# 良い\n\n本文です。", encoding="utf-8")
    (folder / "broken.docx").write_bytes(b"PK\x03\x04 broken")
    (folder / "empty.pdf").write_bytes(b"")
    done = office.run("docs", "add", str(folder), "--workspace", "w", "--label", "1")
    assert done.returncode == 1
    assert "追加 1" in done.stdout
    assert "読めなかったもの 2" in done.stdout
    assert "broken.docx" in done.stderr
    assert "empty.pdf" in done.stderr
