"""Measures search on a BEIR folder, through the same code that `docs add` and a question use."""

from __future__ import annotations

import json
import math
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from sqlalchemy.ext.asyncio import AsyncConnection

from bot.errors import BadInput
from bot.ports import AuditEvent
from bot.services.database import Database
from bot.services.manuals.documents import Block, Document
from bot.services.manuals.library import Library
from bot.services.manuals.search import TantivySearch

WORKSPACE = "evaluation"
BATCH = 200
DEPTH = 100
# A document may be cut into several passages: ask for more until they fill DEPTH documents.
PASSAGES = (DEPTH + 20, 4 * DEPTH)

Judged = Mapping[str, Mapping[str, int]]


async def evaluate(folder: Path) -> dict[str, float]:
    """Index a BEIR folder in a temporary home and ask its questions.

    The folder holds `corpus.jsonl` (_id, title, text), `queries.jsonl` (_id, text) and
    `qrels/test.tsv` (query-id, corpus-id, score, with a header). Only judged questions are asked.
    A document counts by its best passage.

    Raises BadInput naming the file and line of a row that cannot be used.

    Source: Järvelin and Kekäläinen 2002 for nDCG, with gains as judged and a log2 discount.
    """
    documents = list(_documents(folder / "corpus.jsonl"))
    questions = dict(_questions(folder / "queries.jsonl"))
    judged = _judgements(folder / "qrels" / "test.tsv", questions)
    with tempfile.TemporaryDirectory(prefix="shomu-eval-") as home:
        database = await Database.open_home(Path(home))
        search = TantivySearch(database, Path(home))
        try:
            index_seconds = await _index(database, search, documents)
            ranked, seconds = await _ask(search, questions, judged)
        finally:
            await search.close()
            await database.close()
    scores = [_score(judged[name], ranked[name]) for name in judged]
    means = [sum(column) / len(scores) for column in zip(*scores, strict=True)]
    names = ("nDCG@10", "MRR@10", "Recall@10", "Recall@100")
    return {
        **{name: round(value, 4) for name, value in zip(names, means, strict=True)},
        "index_seconds": round(index_seconds, 2),
        "query_p50_ms": round(_percentile(seconds, 0.50) * 1000, 2),
        "query_p95_ms": round(_percentile(seconds, 0.95) * 1000, 2),
        "documents": len(documents),
        "queries": len(judged),
    }


async def _index(database: Database, search: TantivySearch, documents: Sequence[Document]) -> float:
    began = time.perf_counter()
    library = Library(database, _unrecorded)
    for at in range(0, len(documents), BATCH):
        await library.store(documents[at : at + BATCH], workspace=WORKSPACE, label="1")
    # The first question builds the index; that is indexing, not answering.
    await search.find("索引", workspace=WORKSPACE, clearance="1")
    return time.perf_counter() - began


async def _ask(
    search: TantivySearch, questions: Mapping[str, str], judged: Judged
) -> tuple[dict[str, list[str]], list[float]]:
    ranked, seconds = {}, []
    for name in judged:
        began = time.perf_counter()
        names: list[str] = []
        for top in PASSAGES:
            found = await search.find(questions[name], workspace=WORKSPACE, clearance="1", top=top)
            names = list(dict.fromkeys(passage.document for passage in found))
            if len(names) >= DEPTH or len(found) < top:
                break
        seconds.append(time.perf_counter() - began)
        ranked[name] = names[:DEPTH]
    return ranked, seconds


def _score(relevant: Mapping[str, int], ranked: Sequence[str]) -> tuple[float, ...]:
    """nDCG@10, MRR@10, Recall@10, Recall@100 of one question."""
    gains = [relevant.get(name, 0) for name in ranked]
    best = sorted(relevant.values(), reverse=True)
    ideal = _discounted(best[:10])
    first = next((at for at, gain in enumerate(gains[:10], 1) if gain > 0), 0)
    wanted = sum(gain > 0 for gain in relevant.values())
    return (
        _discounted(gains[:10]) / ideal,
        1 / first if first else 0.0,
        sum(gain > 0 for gain in gains[:10]) / wanted,
        sum(gain > 0 for gain in gains[:100]) / wanted,
    )


def _discounted(gains: Sequence[int]) -> float:
    return sum(gain / math.log2(at + 1) for at, gain in enumerate(gains, 1))


def _percentile(values: Sequence[float], share: float) -> float:
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, math.ceil(share * len(ordered)) - 1)]


def _documents(path: Path) -> Iterator[Document]:
    seen = set()
    for number, row in _json_lines(path):
        name, title, text = (_text(path, number, row, key) for key in ("_id", "title", "text"))
        if not name or name in seen:
            raise _bad(path, number, f"_id「{name}」が空か、前の行と同じです")
        seen.add(name)
        heading = (Block(text=title, level=1),) if title.strip() else ()
        # List items: lines of an article must not be taken for headings.
        lines = tuple(Block(text=line, is_item=True) for line in text.splitlines() if line.strip())
        yield Document(name=name, title=title, blocks=heading + lines)


def _questions(path: Path) -> Iterator[tuple[str, str]]:
    for number, row in _json_lines(path):
        yield _text(path, number, row, "_id"), _text(path, number, row, "text")


def _judgements(path: Path, questions: Mapping[str, str]) -> dict[str, dict[str, int]]:
    found: dict[str, dict[str, int]] = {}
    for number, line in _lines(path):
        parts = line.split("\t")
        if number == 1 and parts[-1].strip() == "score":
            continue
        try:
            name, document, score = parts[0], parts[1], int(parts[2])
        except (IndexError, ValueError) as error:
            raise _bad(
                path, number, "query-id、corpus-id、score をタブで区切ってください"
            ) from error
        if name not in questions:
            raise _bad(path, number, f"queries.jsonl に「{name}」がありません")
        if score > 0:
            found.setdefault(name, {})[document] = score
    if not found:
        raise BadInput(f"{path}: no judgements", remedy=f"{path} に正解が1つもありません。")
    return found


def _json_lines(path: Path) -> Iterator[tuple[int, Mapping[str, object]]]:
    for number, line in _lines(path):
        try:
            row = json.loads(line)
        except ValueError as error:
            raise _bad(path, number, "JSON として読めません") from error
        if not isinstance(row, dict):
            raise _bad(path, number, "JSON のオブジェクトではありません")
        yield number, row


def _lines(path: Path) -> Iterator[tuple[int, str]]:
    try:
        # Not splitlines(): U+2028 and the like may stand inside a JSON text.
        lines = path.read_text(encoding="utf-8-sig").split("\n")
    except (OSError, UnicodeError) as error:
        raise BadInput(
            f"{path}: {type(error).__name__}",
            remedy=f"{path} を読めません。"
            "corpus.jsonl、queries.jsonl、qrels/test.tsv（UTF-8）が必要です。",
        ) from error
    for number, line in enumerate(lines, 1):
        if line.strip():
            yield number, line.rstrip("\r")


def _text(path: Path, number: int, row: Mapping[str, object], key: str) -> str:
    value = row.get(key, "" if key == "title" else None)
    if value is None and key == "title":
        return ""
    if not isinstance(value, str | int) or isinstance(value, bool):
        raise _bad(path, number, f"「{key}」がありません")
    return str(value)


def _bad(path: Path, number: int, problem: str) -> BadInput:
    return BadInput(
        f"{path.name}:{number}: {problem}",
        remedy=f"{path} の {number} 行目: {problem}。直してからもう一度実行してください。",
    )


async def _unrecorded(_connection: AsyncConnection, _event: AuditEvent) -> None:
    """The home is thrown away; there is nobody to account to."""
