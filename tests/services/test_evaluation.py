"""`shomu eval search` reads a BEIR folder and prints figures that can be checked by hand."""

from __future__ import annotations

import json
import math
from pathlib import Path

import pytest

from bot.errors import BadInput
from bot.services.manuals.evaluation import evaluate

CORPUS = [
    {"_id": "休暇", "title": "夏季休暇", "text": "5日以内で取ることができる。"},
    {"_id": "旅費", "title": "旅費", "text": "宿泊費は実費とする。\n# 記号で始まる行"},
    {"_id": "公印", "title": "", "text": "公印は金庫に保管する。夏季も同じ。"},
    {"_id": "長文", "title": "議事録", "text": "会議の記録である。" * 200 + "珈琲の話も出た。"},
]
QUERIES = [
    {"_id": "q1", "text": "夏季休暇は何日？"},
    {"_id": "q2", "text": "珈琲の話が出た会議"},
    {"_id": "q3", "text": "夏季休暇"},
    {"_id": "聞かない", "text": "判定のない質問"},
]
QRELS = [("q1", "休暇", "1"), ("q2", "長文", "1"), ("q3", "公印", "1"), ("q3", "旅費", "0")]


def write(folder: Path, **changed: str) -> Path:
    lines = {
        "corpus": "\n".join(json.dumps(row, ensure_ascii=False) for row in CORPUS),
        "queries": "\n".join(json.dumps(row) for row in QUERIES),
        "qrels": "query-id\tcorpus-id\tscore\n" + "\n".join("\t".join(row) for row in QRELS),
    } | changed
    (folder / "qrels").mkdir()
    (folder / "corpus.jsonl").write_text(lines["corpus"], encoding="utf-8")
    (folder / "queries.jsonl").write_text(lines["queries"], encoding="utf-8")
    (folder / "qrels" / "test.tsv").write_text(lines["qrels"], encoding="utf-8")
    return folder


async def test_the_figures_are_those_computed_by_hand(tmp_path: Path) -> None:
    figures = await evaluate(write(tmp_path))

    second = 1 / math.log2(3)
    assert figures["nDCG@10"] == pytest.approx((1 + 1 + second) / 3, abs=1e-4)
    assert figures["MRR@10"] == pytest.approx((1 + 1 + 0.5) / 3, abs=1e-4)
    assert (figures["Recall@10"], figures["Recall@100"]) == (1.0, 1.0)
    assert (figures["documents"], figures["queries"]) == (4, 3)
    assert list(figures) == [
        "nDCG@10", "MRR@10", "Recall@10", "Recall@100", "index_seconds", "query_p50_ms",
        "query_p95_ms", "documents", "queries",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("changed", "says"),
    [
        ({"corpus": '{"_id": "a", "text": "x"}\n{broken'}, "corpus.jsonl の 2 行目"),
        ({"corpus": '{"_id": "a"}'}, "「text」"),
        ({"corpus": "[]"}, "オブジェクト"),
        ({"corpus": '{"_id":"a","text":"x"}\n{"_id":"a","text":"y"}'}, "2 行目"),
        ({"queries": '{"text": "x"}'}, "queries.jsonl の 1 行目"),
        ({"qrels": "query-id\tcorpus-id\tscore\nq1 休暇 1"}, "test.tsv の 2 行目"),
        ({"qrels": "query-id\tcorpus-id\tscore\nq9\t休暇\t1"}, "「q9」"),
        ({"qrels": "query-id\tcorpus-id\tscore\n"}, "正解"),
    ],
)
async def test_a_row_that_cannot_be_used_is_named_by_its_line(
    tmp_path: Path, changed: dict[str, str], says: str
) -> None:
    with pytest.raises(BadInput) as caught:
        await evaluate(write(tmp_path, **changed))

    assert says in caught.value.remedy


async def test_a_folder_without_the_files_is_explained(tmp_path: Path) -> None:
    with pytest.raises(BadInput) as caught:
        await evaluate(tmp_path)

    assert "qrels/test.tsv" in caught.value.remedy
