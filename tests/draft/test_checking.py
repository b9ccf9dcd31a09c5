"""A document handed over to be checked: in a thread, at the command line, as Word."""

from __future__ import annotations

import io
import json
import os
import subprocess
import sys
from pathlib import Path

import docx
import pytest

from bot import Context, Message, Passage, Reply
from bot.app import ROOT
from bot.prompts import load_prompts
from bot.registry import load_skills
from bot.services.manuals.documents import read_text
from bot.testing.kit import SHIPPED_PROMPTS, Kit
from skills.draft.checks.copied import copied
from skills.draft.checks.support import unsupported

LETTER = "令和8年4月6日\n\n　研修を実施致します。\n　日時は、令和8年4月10日（木）です。\n"
SHOMU = Path(sys.executable).parent / "shomu"


async def plain(message: Message, context: Context) -> Reply:
    return Reply("")


def kit(home: Path | None = None) -> Kit:
    skills = load_skills([ROOT / "skills"], load_prompts([SHIPPED_PROMPTS]), plain)
    return Kit(skills.values(), home=home)


async def test_a_file_in_the_thread_comes_back_with_places_reasons_and_a_corrected_copy() -> None:
    bot = kit()
    reply = await bot.say("この文書を点検して", files={"通知.txt": LETTER.encode()})
    assert reply.status == "answered"
    assert reply.skill == "draft"
    assert "2か所" in reply.text
    assert "- 3行7字　研修を実施**致**します。 → いた　" in reply.text
    assert "令和8年4月10日は金曜日です。" in reply.text
    assert "直すかどうかは人が決めてください。" in reply.notice
    (file,) = reply.files
    assert file.name == "通知（修正案）.txt"
    kept = await bot.files.fetch(file.id, workspace="main")
    assert kept is not None
    assert kept.content.decode() == LETTER.replace("致", "いた").replace("木", "金")


async def test_a_clean_file_is_told_to_be_clean_and_no_copy_is_made() -> None:
    reply = await kit().say("点検して", files={"通知.md": "会議を開きます。\n".encode()})
    assert "見つかりませんでした" in reply.text
    assert reply.files == ()
    assert reply.data["findings"] == []


async def test_without_a_file_the_person_is_told_what_to_attach() -> None:
    reply = await kit().say("文書の点検をお願いします")
    assert reply.status == "help"
    assert "添付して" in reply.text


async def test_many_findings_are_shown_in_part_and_counted_in_whole() -> None:
    reply = await kit().say("点検して", files={"長い.txt": ("参加出来ます。\n" * 50).encode()})
    assert reply.text.count("\n- ") == 30
    assert "ほかに20か所あります。" in reply.text
    assert len(reply.data["findings"]) == 50


async def test_a_file_of_a_million_characters_is_refused_with_what_to_do() -> None:
    reply = await kit().say("点検して", files={"長い.txt": ("あ" * 1_000_001).encode()})
    assert reply.status == "failed"
    assert "分けてください" in reply.text


async def test_the_rules_of_the_workspace_hold(tmp_path: Path) -> None:
    folder = tmp_path / "workspaces" / "main" / "draft"
    folder.mkdir(parents=True)
    (folder / "rules.yaml").write_text("auxiliary-verb: off\n", encoding="utf-8")
    reply = await kit(tmp_path).say("点検して", files={"通知.txt": LETTER.encode()})
    assert [finding["rule"] for finding in reply.data["findings"]] == ["weekday"]


async def test_a_mistake_in_the_rules_of_the_workspace_is_told_to_who_checks(
    tmp_path: Path,
) -> None:
    folder = tmp_path / "workspaces" / "main" / "draft"
    folder.mkdir(parents=True)
    (folder / "rules.yaml").write_text("weekdya: off\n", encoding="utf-8")
    reply = await kit(tmp_path).say("点検して", files={"通知.txt": LETTER.encode()})
    assert reply.status == "failed"
    assert "「weekday」のことですか" in reply.text


async def test_what_was_checked_is_on_the_record_without_its_words() -> None:
    bot = kit()
    await bot.say("点検して", files={"通知.txt": LETTER.encode()})
    (event,) = [one for one in bot.audit.events.values() if one.action == "draft.checked"]
    assert event.details["findings"] == 2
    assert "通知" not in event.target
    assert "致" not in json.dumps(dict(event.details), ensure_ascii=False)


def word() -> bytes:
    """A letter with a full-width indent, a table, an empty line and a line break."""
    document = docx.Document()
    document.add_paragraph("　資料を御確認下さい。")
    document.add_paragraph("")
    table = document.add_table(rows=1, cols=2)
    table.rows[0].cells[0].text = "日時"
    table.rows[0].cells[1].text = "令和8年4月10日（木）"
    document.add_paragraph("会場は、市役所です。\n御来場を、お待ち致します。")
    content = io.BytesIO()
    document.save(content)
    return content.getvalue()


async def test_word_is_read_as_typed_with_its_tables_in_reading_order() -> None:
    assert (await read_text("通知.docx", word())).split("\n") == [
        "　資料を御確認下さい。", "", "日時", "令和8年4月10日（木）", "会場は、市役所です。",
        "御来場を、お待ち致します。",
    ]  # fmt: skip


@pytest.fixture
def environment(tmp_path: Path) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith("SHOMU_")}
    return kept | {"SHOMU_HOME": str(tmp_path / "home"), "PYTHONPATH": str(ROOT)}


def run(*words: str, environment: dict[str, str]) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [str(SHOMU), *words], env=environment, capture_output=True, text=True, timeout=120, cwd=ROOT
    )


def test_the_command_lists_findings_as_json(tmp_path: Path, environment: dict[str, str]) -> None:
    path = tmp_path / "通知.txt"
    path.write_text(LETTER, encoding="utf-8")
    done = run("check", str(path), "--json", environment=environment)
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    assert found[0] == {
        "line": 3,
        "column": 7,
        "rule": "auxiliary-verb",
        "text": "致",
        "message": "補助的に使う動詞は仮名で「いた」と書きます。"
        "（公用文における漢字使用等について）",
        "fix": "いた",
    }
    assert len(found) == 2
    assert sorted(one.name for one in tmp_path.glob("通知*")) == ["通知.txt"]


def test_the_command_writes_a_corrected_copy_beside_and_never_over_a_file(
    tmp_path: Path, environment: dict[str, str]
) -> None:
    path = tmp_path / "通知.txt"
    path.write_text(LETTER, encoding="utf-8")
    for _ in range(2):
        done = run("check", str(path), "--fix", environment=environment)
        assert done.returncode == 0, done.stderr
        assert "保存しました" in done.stderr
    assert path.read_text(encoding="utf-8") == LETTER
    copies = sorted(one for one in tmp_path.glob("通知*") if one != path)
    assert len(copies) == 2
    assert "いたします" in copies[0].read_text(encoding="utf-8")


def test_word_is_checked_line_by_line_and_comes_back_as_text(
    tmp_path: Path, environment: dict[str, str]
) -> None:
    path = tmp_path / "通知.docx"
    before = word()
    path.write_bytes(before)
    done = run("check", str(path), "--json", "--fix", environment=environment)
    found = [(finding["line"], finding["text"]) for finding in json.loads(done.stdout)]
    assert found == [(1, "下さ"), (4, "木"), (6, "致")]
    copy = (tmp_path / "通知（修正案）.txt").read_text(encoding="utf-8")
    assert "令和8年4月10日（金）" in copy
    assert path.read_bytes() == before


def test_a_file_that_cannot_be_read_is_named_with_what_to_do(
    tmp_path: Path, environment: dict[str, str]
) -> None:
    path = tmp_path / "古い.doc"
    path.write_bytes(b"\xd0\xcf\x11\xe0")
    done = run("check", str(path), "--json", environment=environment)
    assert done.returncode == 1
    assert "docx で保存し直してください" in done.stdout


ARTICLE = (
    "地域の防災力を高めるためには、住民一人一人が自らの命は自らが守るという意識を持ち、"
    "日頃から家庭や地域で備えておくことが何よりも大切である。"
)


def test_a_run_of_forty_characters_from_elsewhere_is_found_across_lines_and_spaces() -> None:
    text = f"はじめに\n　本市では、{ARTICLE[:30]}\n{ARTICLE[30:]}\n　以上のとおりである。"
    (finding,) = copied(text, {"防災白書": ARTICLE})
    assert (finding.line, finding.column) == (2, 7)
    assert finding.text == ARTICLE[:30]
    assert f"「防災白書」と{len(ARTICLE)}字が同じです" in finding.message
    assert finding.fix is None


def test_a_shorter_run_and_own_words_are_not_copied() -> None:
    assert copied(f"本市では、{ARTICLE[:39]}とされています。", {"防災白書": ARTICLE}) == []
    assert copied("防災の意識を高める取組を進めます。", {"防災白書": ARTICLE}) == []


def test_two_runs_from_two_sources_are_two_findings() -> None:
    other = (
        "避難所の運営に当たっては、女性や高齢者、障害のある方の意見を取り入れることが必要である。"
    )
    text = f"{ARTICLE}\n\n一方、{other}"
    found = copied(text, {"防災白書": ARTICLE, "手引": other})
    assert [finding.line for finding in found] == [1, 3]


HELD = [
    Passage("a", "要綱", "補助金の額", "補助金の額は、購入費の2分の1以内とし、5万円を限度とする。")
]


def test_a_sentence_whose_passage_says_something_else_is_found() -> None:
    text = (
        "　お知らせします。\n"
        "補助金の額は購入費の2分の1以内です。〔1〕限度額は8万円です。〔1〕\n"
        "申請は窓口で受け付けます。〔2〕"
    )
    found = unsupported(text, HELD)
    assert [(one.line, one.column, one.text) for one in found] == [
        (2, 23, "限度額は8万円です。〔1〕"),
        (3, 1, "申請は窓口で受け付けます。〔2〕"),
    ]


PRESS = (
    "当館では、五百年にわたり受け継がれてきた伝統の技を、若い世代に楽しく伝える取組を進めています。"
)


async def test_what_stands_in_a_source_from_outside_is_pointed_out() -> None:
    letter = f"次のとおりお知らせします。\n{PRESS}\n"
    files = {"お知らせ.txt": letter.encode(), "新聞.txt": f"見出し\n{PRESS}\n".encode()}
    reply = await kit().say("点検して", files=files)
    (found,) = reply.data["findings"]
    assert (found["line"], found["rule"], found["fix"]) == (2, "copied", None)
    assert "「新聞.txt」と" in found["message"]
    alone = await kit().say("点検して", files={"お知らせ.txt": letter.encode()})
    assert alone.data["findings"] == []


def test_the_command_holds_a_file_against_its_sources(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text(f"{PRESS}\n", "utf-8")
    (tmp_path / "b.txt").write_text(f"引用元\n{PRESS}\n", "utf-8")
    done = subprocess.run(
        [SHOMU, "check", str(tmp_path / "a.txt"), "--source", str(tmp_path / "b.txt"), "--json"],
        env={**os.environ, "SHOMU_HOME": str(tmp_path / "home")},
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    assert [found["rule"] for found in json.loads(done.stdout)] == ["copied"]
