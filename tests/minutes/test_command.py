"""`shomu minutes`: the document of a transcript, from the command line."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from docx import Document

from tests.minutes.office import TRANSCRIPTS

SHOMU = Path(sys.executable).parent / "shomu"


def minutes(home: Path, *options: str, name: str = "plain.txt") -> subprocess.CompletedProcess[str]:
    given = {key: value for key, value in os.environ.items() if not key.startswith("SHOMU_")}
    return subprocess.run(
        [str(SHOMU), "minutes", str(TRANSCRIPTS / name), *options],
        env=given | {"SHOMU_HOME": str(home)},
        capture_output=True,
        text=True,
        timeout=120,
    )


def test_a_word_document_of_the_named_template_is_written_and_the_json_stays_as_it_was(
    tmp_path: Path,
) -> None:
    out = tmp_path / "出力" / "議事録.docx"
    options = ("--template", "庁議の決定一覧", "--out", str(out), "--json")
    done = minutes(tmp_path / "home", *options)
    assert done.returncode == 0, done.stdout + done.stderr
    assert f"保存しました：{out}" in done.stderr
    assert {"title", "date", "speakers", "items", "summary", "engine"} <= set(
        json.loads(done.stdout)
    )
    words = [paragraph.text for paragraph in Document(str(out)).paragraphs]
    assert words[0] == "決定事項一覧"
    assert "１　決定事項" in words
    again = minutes(tmp_path / "home", "--out", str(out))
    assert again.returncode == 0
    # Nothing that is there is written over.
    assert out.with_name("議事録 (2).docx").exists()


def test_the_ending_of_the_file_decides_the_form(tmp_path: Path) -> None:
    out = tmp_path / "議事録.md"
    done = minutes(tmp_path / "home", "--template", "全文記録", "--out", str(out), name="teams.vtt")
    assert done.returncode == 0, done.stdout + done.stderr
    written = out.read_text(encoding="utf-8")
    assert "# 【未確認】会議記録" in written
    assert "**鈴木 美咲**（0:00:22）　はい。4月1日から30日までの試行で" in written


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        (("--out", "議事録.pdf"), ".docx か .md"),
        (("--template", "町議"), "「町議」というひな形はありません"),
    ],
)
def test_a_form_that_there_is_not_is_explained(
    options: tuple[str, ...], expected: str, tmp_path: Path
) -> None:
    done = minutes(tmp_path, *options)
    assert done.returncode == 1
    assert expected in done.stdout + done.stderr
