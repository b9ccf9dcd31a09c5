"""`shomu opinions`: a file in, a folder out, and a summary that adds up."""

from __future__ import annotations

import io
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from click.testing import CliRunner, Result
from openpyxl import Workbook

from bot.cli import shomu
from bot.errors import BadInput, ShomuError
from tests.opinions.invented import SUBJECTS, TAILS
from tests.opinions.tables import DATA, TEXTS, pairs

FILES = {
    "opinions.jsonl", "topics.json", "map.html", "map.png", "table.xlsx", "table.csv",
    "opinions.csv", "report.md",
}  # fmt: skip


def run(*words: object) -> Result:
    return CliRunner().invoke(shomu, ["opinions", *map(str, words)])


def refused(*words: object) -> ShomuError:
    """What a person is told instead of a result."""
    error = run(*words).exception
    assert isinstance(error, ShomuError), error
    return error


def figures(*words: object) -> dict[str, Any]:
    done = run(*words, "--json")
    assert done.exit_code == 0, done.output
    found: dict[str, Any] = json.loads(done.stdout)
    assert found["input_rows"] == found["output_rows"] + found["error_rows"]
    assert len(found["errors"]) == found["error_rows"]
    return found


@pytest.fixture
def opinions(tmp_path: Path) -> Path:
    path = tmp_path / "意見.csv"
    lines = [f"A-{n},{text}" for n, text in enumerate([*TEXTS, "", TEXTS[0]], 1)]
    path.write_bytes("\r\n".join(["受付番号,ご意見", *lines]).encode("cp932"))
    return path


def test_a_file_becomes_a_folder_and_the_summary_adds_up(opinions: Path, tmp_path: Path) -> None:
    out = tmp_path / "結果"
    done = run(opinions, "--out", out)
    assert done.exit_code == 0, done.output
    assert "入力 8 行 ＝ 意見 7 件 ＋ 意見にできなかった行 1 行" in done.stdout
    assert "8 行目：意見の欄が空です" in done.stdout
    assert "実質件数 6" in done.stdout
    assert {path.name for path in out.iterdir()} == FILES
    # Progress is for people who wait, not for a program that reads the result.
    assert "個人情報を伏せています" in done.stderr
    assert "個人情報を伏せています" not in done.stdout


def test_programs_get_the_same_numbers_as_json(opinions: Path, tmp_path: Path) -> None:
    found = figures(opinions, "--out", tmp_path / "out")
    assert (found["output_rows"], found["voices"], found["text_column"]) == (7, 6, "ご意見")
    lines = Path(found["files"]["opinions.jsonl"]).read_text("utf-8").splitlines()
    assert [json.loads(line)["row"] for line in lines] == [2, 3, 4, 5, 6, 7, 9]


def test_a_plan_past_assignments_and_duties_are_used(opinions: Path, tmp_path: Path) -> None:
    plan = tmp_path / "計画案.md"
    plan.write_text(
        "# 第1章 図書館\n開館時間を見直します。\n# 第2章 公園\n遊具を点検します。\n", "utf-8"
    )
    found = figures(
        opinions, "--out", tmp_path / "out", "--plan", plan,
        "--past", DATA / "past.csv", "--duties", DATA / "duties.csv",
    )  # fmt: skip
    text = Path(found["files"]["opinions.jsonl"]).read_text("utf-8")
    first = json.loads(text.splitlines()[0])
    assert first["clause"] == "第1章 図書館"
    assert first["departments"][0]["name"] == "図書館"


def test_a_workbook_with_everything_in_its_way_is_accounted_for(tmp_path: Path) -> None:
    book = Workbook()
    sheet = book.active
    assert sheet is not None
    sheet.append(["みはらし市総合計画（素案）への意見"])
    sheet.merge_cells("A1:D1")
    sheet.append([])
    sheet.append(["番号", "年代", "該当箇所", "ご意見"])
    for number, (text, _) in enumerate(pairs("past")[:40], 1):
        sheet.append([number, "60代", "第1章" if number % 4 == 1 else None, text])
    for top in range(4, 40, 4):
        sheet.merge_cells(start_row=top, end_row=top + 3, start_column=3, end_column=3)
    sheet.append([])
    sheet.append([41, "30代", "", '=CONCATENATE("計算","式")'])
    sheet.append([42, "30代", "", "長" * 32_000])
    other = book.create_sheet("集計")
    other.append(["年代", "件数"])
    other.append(["30代", 2])
    written = io.BytesIO()
    book.save(written)
    path = tmp_path / "意見.xlsx"
    path.write_bytes(written.getvalue())
    found = figures(path, "--out", tmp_path / "out")
    assert (found["input_rows"], found["output_rows"]) == (43, 41)
    assert [error["row"] for error in found["errors"]] == [44, 45]
    assert found["sheet"] == "Sheet"


def test_a_doubtful_column_is_said_and_can_be_named(tmp_path: Path) -> None:
    path = tmp_path / "意見.csv"
    lines = [f"{text}よい,{text}わるい{n}" for n, text in enumerate(TEXTS)]
    path.write_text("\n".join(["良い点のご意見,悪い点のご意見", *lines]), "utf-8")
    assert "--text-column" in figures(path, "--out", tmp_path / "a")["doubts"][0]
    named = figures(path, "--out", tmp_path / "b", "--text-column", "悪い点のご意見")
    assert named["text_column"] == "悪い点のご意見"
    assert not named["doubts"]


@pytest.mark.parametrize(
    ("name", "content", "told"),
    [
        ("空.csv", b"", "空"),
        ("見出し.csv", "番号,ご意見\n".encode(), "見出しだけ"),
        ("数.csv", b"a,b\n1,2\n3,4\n", "意見の列が分かりません"),
        ("写真.png", b"\x89PNG\r\n", "読めません"),
        ("化け.csv", bytes(range(256)) * 20, "文字コード"),
        ("鍵.xlsx", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 600, "パスワード"),
    ],
)
def test_a_bad_file_is_refused_with_what_to_do_and_leaves_nothing(
    tmp_path: Path, name: str, content: bytes, told: str
) -> None:
    path = tmp_path / name
    path.write_bytes(content)
    error = refused(path, "--out", tmp_path / "out")
    assert told in error.remedy
    assert not (tmp_path / "out").exists()


def test_a_plan_without_headings_is_said_to_be_one(opinions: Path, tmp_path: Path) -> None:
    plan = tmp_path / "計画案.txt"
    plan.write_text("見出しのない長い文章です。\n", "utf-8")
    assert "見出し" in refused(opinions, "--out", tmp_path / "out", "--plan", plan).remedy


def wave(path: Path, *subjects: str) -> Path:
    """A file in which each subject is spoken of in several ways, once."""
    chosen = [text for name in subjects for text in SUBJECTS[name]]
    texts = [f"{said}{tail}" for said in chosen for tail in TAILS]
    path.write_text("\n".join(["ご意見", *texts]), "utf-8")
    return path


def test_topics_of_an_earlier_file_are_told_as_new_gone_or_kept(tmp_path: Path) -> None:
    before = wave(tmp_path / "前回.csv", "夜間の街灯", "保育所の空き", "公園の遊具")
    after = wave(tmp_path / "今回.csv", "夜間の街灯", "保育所の空き", "ごみの分別")
    out = tmp_path / "out"
    found = figures(after, "--out", out, "--before", before)["comparison"]
    assert (found["new_opinions"], found["gone_opinions"]) == (15, 15)
    kinds: dict[str, list[str]] = {}
    for one in found["changes"]:
        kinds.setdefault(one["kind"], []).append(one["label"])
        # Nothing is said of a topic that its two numbers do not bear out.
        assert (one["before"] == 0) == (one["kind"] == "新規")
        assert (one["after"] == 0) == (one["kind"] == "消滅")
    assert any("ごみ" in label or "収集" in label or "分別" in label for label in kinds["新規"])
    assert any("遊具" in label or "公園" in label or "ベンチ" in label for label in kinds["消滅"])
    assert kinds["同じ"]
    part = (out / "report.md").read_text("utf-8").partition("## 前回との比較")[2]
    assert "新しい意見 15 件" in part
    assert f"全体の実質件数 {found['before']} → {found['after']}" in part
    told = run(after, "--out", out, "--before", before).stdout
    for one in found["changes"]:
        line = f"{one['kind']} | {one['label']}"
        assert line in part
        assert line.replace(" | ", " ") in told


def test_a_report_without_an_earlier_file_compares_nothing(opinions: Path, tmp_path: Path) -> None:
    assert figures(opinions, "--out", tmp_path / "out")["comparison"] is None
    assert "前回との比較" not in (tmp_path / "out" / "report.md").read_text("utf-8")


@pytest.mark.parametrize(
    ("name", "content", "told"),
    [
        ("数.csv", b"a,b\n1,2\n3,4\n", "前回のファイル「数.csv」"),
        ("topics.json", b'{"topics": []}', "topics.json"),
        ("opinions.jsonl", b'{"id": "1"}\n', "opinions.jsonl"),
    ],
)
def test_an_earlier_file_that_holds_no_opinions_is_refused_before_anything_is_written(
    opinions: Path, tmp_path: Path, name: str, content: bytes, told: str
) -> None:
    (tmp_path / name).write_bytes(content)
    error = refused(opinions, "--out", tmp_path / "out", "--before", tmp_path / name)
    assert told in error.remedy
    assert "意見のファイル" in error.remedy
    assert not (tmp_path / "out").exists()


def test_vectors_are_not_compared_with_an_earlier_file(opinions: Path, tmp_path: Path) -> None:
    given = ("--vectors", vectors(tmp_path / "v.npy"), "--before", opinions)
    assert "--before" in refused(*given, "--out", tmp_path / "out").remedy


def vectors(path: Path) -> Path:
    chance = np.random.default_rng(3)
    centres = np.repeat(np.eye(5, 48, dtype=np.float32), 60, axis=0)
    noise = chance.normal(scale=0.05, size=centres.shape).astype(np.float32)
    np.save(path, centres + noise)
    return path


def test_vectors_are_grouped_without_their_texts(tmp_path: Path) -> None:
    found = figures("--vectors", vectors(tmp_path / "v.npy"), "--out", tmp_path / "out")
    assert found["output_rows"] == 300
    assert set(found["files"]) == {"opinions.jsonl", "topics.json", "map.html", "map.png"}
    lines = Path(found["files"]["opinions.jsonl"]).read_text("utf-8").splitlines()
    assert [set(json.loads(line)) for line in lines[:1]] == [
        {"id", "row", "topic", "topic_id", "x", "y"}
    ]
    topics = [json.loads(line)["topic_id"] for line in lines]
    assert len({tuple(topics[at : at + 60]) for at in range(0, 300, 60)}) == 5


def test_the_same_vectors_give_the_same_files(tmp_path: Path) -> None:
    path = vectors(tmp_path / "v.npy")
    contents = []
    for name in ("a", "b"):
        written = figures("--vectors", path, "--out", tmp_path / name)["files"]
        contents.append([Path(written[name]).read_bytes() for name in sorted(written)])
    assert contents[0] == contents[1]


@pytest.mark.parametrize(
    ("array", "told"),
    [
        (np.zeros((4, 3), dtype=np.float64), "float64"),
        (np.zeros(4, dtype=np.float32), "(4,)"),
        (np.zeros((0, 3), dtype=np.float32), "(0, 3)"),
        (np.array([[0, 1], [np.nan, 1]], dtype=np.float32), "2 件目"),
        (np.array([[0, 1], [1, np.inf]], dtype=np.float32), "2 件目"),
        (np.array([{"a": 1}]), "読めません"),
    ],
)
def test_vectors_that_cannot_be_grouped_are_refused_with_what_to_do(
    tmp_path: Path, array: Any, told: str
) -> None:
    np.save(tmp_path / "v.npy", array)
    assert told in refused("--vectors", tmp_path / "v.npy", "--out", tmp_path / "out").remedy


def test_a_file_that_is_no_array_is_refused(tmp_path: Path) -> None:
    (tmp_path / "v.npy").write_bytes(b"PK not an array")
    error = refused("--vectors", tmp_path / "v.npy", "--out", tmp_path / "out")
    assert "NumPy" in error.remedy


def test_one_input_is_asked_for(opinions: Path, tmp_path: Path) -> None:
    assert isinstance(refused("--out", tmp_path / "out"), BadInput)
    both = refused(opinions, "--vectors", opinions, "--out", tmp_path / "out")
    assert "どちらか" in both.remedy


def test_neither_the_server_nor_the_database_is_loaded_for_it(tmp_path: Path) -> None:
    code = (
        "import sys; from bot.cli import shomu\n"
        f"shomu(['opinions', '--vectors', {str(vectors(tmp_path / 'v.npy'))!r},"
        f" '--out', {str(tmp_path / 'out')!r}], standalone_mode=False)\n"
        "heavy = {'bot.app', 'sqlalchemy', 'starlette', 'sudachipy', 'openai', 'sklearn'}\n"
        "print(sorted(heavy & set(sys.modules)))"
    )
    root = Path(__file__).parents[2]
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=root, capture_output=True, text=True, timeout=120
    )
    assert done.stdout.splitlines()[-1] == "[]", done.stdout + done.stderr
