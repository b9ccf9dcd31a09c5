"""`shomu draft`: what somebody at a terminal types and sees."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.draft.papers import FORM, add_kind, text_of, with_part, word
from tests.test_commands import Office

RULE = "# 防災計画\n\n令和8年4月1日改正\n\n## 訓練\n\n防災訓練は、毎年12月に全ての課で実施する。\n"


@pytest.fixture(scope="module")
def office(tmp_path_factory: pytest.TempPathFactory) -> Office:
    folder = tmp_path_factory.mktemp("office")
    (folder / "手引").mkdir()
    (folder / "手引" / "防災計画.md").write_text(RULE, encoding="utf-8")
    found = Office(folder / "home")
    found.ok("docs", "add", str(folder / "手引"), "--workspace", "main", "--label", "2")
    return found


def own(office: Office) -> Path:
    return office.home / "workspaces" / "main" / "draft"


def test_a_draft_is_printed_as_stable_json_and_written_as_word(
    office: Office, tmp_path: Path
) -> None:
    path = tmp_path / "出す" / "通知.docx"
    words = [
        "--set",
        "件名=防災訓練の実施",
        "--set",
        "記=日時：令和8年12月4日",
        "--set",
        "記=場所：",
    ]
    draft = json.loads(office.ok("draft", "通知", *words, "--json", "--out", str(path)))
    assert set(draft) >= {
        "kind", "title", "text", "slots", "missing", "citations", "engine", "status", "file",
    }  # fmt: skip
    assert draft["kind"] == "通知"
    assert draft["title"] == "防災訓練の実施"
    assert draft["slots"]["記"] == "日時：令和8年12月4日\n場所："
    assert draft["missing"][:2] == ["文書番号", "発信日"]
    assert (draft["engine"], draft["status"]) == ("offline", "未確認")
    assert draft["file"] == str(path)
    (citation,) = draft["citations"]
    assert citation["document"] == "防災計画.md"
    assert citation["number"] == 1
    assert citation["revised"] == "2026-04-01"
    assert draft["text"] in text_of(path.read_bytes())
    office.ok("audit", "verify")


def test_a_draft_is_written_into_a_folder_under_its_own_name(
    office: Office, tmp_path: Path
) -> None:
    done = json.loads(office.ok("draft", "起案", "--sample", "--json", "--out", str(tmp_path)))
    assert Path(done["file"]) == tmp_path / "起案_窓口用翻訳端末の借上げ_未確認.docx"
    assert done["missing"] == []
    assert "窓口用翻訳端末の借上げについて（伺い）" in text_of(Path(done["file"]).read_bytes())


def test_the_kinds_there_are_are_listed(office: Office) -> None:
    assert "作れる文書：通知、依頼、照会、回答、起案" in office.ok("draft")


def test_a_draft_for_people_says_what_to_do_next(office: Office) -> None:
    printed = office.ok("draft", "メール", "--set", "件名=資料の提出のお願い")
    assert "メール「資料の提出のお願い」" in printed
    assert "【要記入】の欄：" in printed
    assert "未確認の下書きです。" in printed


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("通知",), "件名：入力してください"),
        (("通知文章", "--set", "件名=訓練"), "「通知」のことですか"),
        (("通知", "--set", "件名=訓練", "--set", "発進日=2026-12-04"), "「発信日」のことですか"),
        (("通知", "--set", "件名=訓練", "--set", "発信日=2026-02-30"), "という日はありません"),
        (("通知", "--set", "件名"), "「欄=値」の形で"),
        (("通知", "--set", "件名=訓練", "--out", "通知.doc"), ".docx のファイルか"),
        (
            ("通知", "--set", "件名=訓練", "--from", "9総務第1号"),
            "という過去の文書は見つかりません",
        ),
    ],
)
def test_what_cannot_be_used_is_explained(
    office: Office, words: tuple[str, ...], told: str
) -> None:
    for asked in (words, (*words, "--json")):
        done = office.run("draft", *asked)
        assert done.returncode == 1
        assert told in done.stderr
        assert done.stdout == ""
        assert "Traceback" not in done.stderr


def test_everything_that_is_missing_or_wrong_is_said_at_once(office: Office) -> None:
    done = office.run("draft", "依頼", "--set", "期限=明日", "--set", "宛先=県庁", "--set", "色=赤")
    assert done.returncode == 1
    for name in ("件名：", "期限：", "宛先：", "色："):
        assert f"- {name}" in done.stderr


def test_the_fields_of_a_kind_are_named_when_some_are_missing(office: Office) -> None:
    told = office.run("draft", "通知").stderr
    assert "通知の欄：件名（必須）、宛先（庁内・庁外）、宛名、本文、記、" in told


def test_an_office_adds_a_kind_by_a_folder(office: Office) -> None:
    add_kind(own(office), "貸出書", FORM, word("{{件名}}を", "{{借りる人}}　様に貸します。"))
    printed = office.ok("draft", "貸出書", "--set", "件名=スクリーン", "--set", "借りる人=山田")
    assert "スクリーンを\n山田　様に貸します。" in printed
    assert "貸出書" in office.ok("draft")


@pytest.mark.parametrize(
    ("name", "form", "template", "told"),
    [
        ("壊れた1", "feilds: []", word("{{件名}}"), "「fields」のことですか"),
        ("壊れた2", FORM, b"broken", "Word の文書として開けません"),
        ("壊れた3", FORM, with_part(word("{{件名}}"), "word/vbaProject.bin", b"x"), "マクロ"),
        ("壊れた4", FORM, word("{{件明}}"), "「件名」のことですか"),
    ],
)
def test_a_kind_with_mistakes_is_explained_to_who_made_it(
    office: Office, name: str, form: str, template: bytes, told: str
) -> None:
    add_kind(own(office), name, form, template)
    done = office.run("draft", name, "--set", "件名=スクリーン")
    assert done.returncode == 1
    assert name in done.stderr
    assert told in done.stderr
