"""How often the offline answer is right, on the sample city's questions.

    python tests/bench/answers.py [dev|held-out]

Thresholds and weights were chosen on `dev` only. Prints, of the questions that the documents
answer, how many have the answer in the first passage, in its marked sentence, and in one of the
four passages shown; the peer in the same run is the order of the search without marking. Of those
they do not answer, how many were refused or called uncertain.
"""

from __future__ import annotations

import asyncio
import importlib.util
import json
import sys
import tempfile
from pathlib import Path

from bot.app import App, open_app
from bot.ports import Passage
from bot.settings import Settings

ROOT = Path(__file__).parents[2]
CITY = ROOT / "infra" / "sample-city"
SHOWN = 4


def answers(row: dict[str, str], passage: Passage, text: str) -> bool:
    place = f"{passage.heading} {passage.page}".replace(" ", "")
    heading = (row["heading"] or "").replace(" ", "")
    return passage.document == row["document"] and heading in place and row["answer"] in text


async def find(app: App, question: str, *, marked: bool) -> list[Passage]:
    found = await app.search.find(
        question, workspace="main", clearance="2", top=SHOWN, marked=marked
    )
    return list(found)


async def measure(split: str) -> None:
    spec = importlib.util.spec_from_file_location("s", ROOT / "skills/manual-search/skill.py")
    assert spec is not None
    assert spec.loader is not None
    skill = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(skill)
    lines = (CITY / "questions.jsonl").read_text(encoding="utf-8").splitlines()
    rows = [row for row in map(json.loads, lines) if row["split"] == split]
    counts = dict.fromkeys(
        ("questions", "search first", "first", "marked", "shown", "wrongly refused"), 0
    )
    tiers = {"unanswerable": 0, "refused": 0, "called uncertain": 0, "claimed": 0}
    with tempfile.TemporaryDirectory() as home:
        async with open_app(Settings(home=Path(home))) as app:
            await app.workspace_for("main", make=True)
            await app.library.add([CITY / "documents"], workspace="main", label="2")
            for row in rows:
                found = await find(app, row["question"], marked=True)
                best = max((passage.coverage for passage in found), default=0.0)
                if row["document"] is None:
                    tiers["unanswerable"] += 1
                    tiers["refused"] += best < skill.NEAR
                    tiers["called uncertain"] += skill.NEAR <= best < skill.SURE
                    tiers["claimed"] += best >= skill.SURE
                    continue
                plain = await find(app, row["question"], marked=False)
                counts["questions"] += 1
                counts["search first"] += bool(plain) and answers(row, plain[0], plain[0].text)
                counts["first"] += bool(found) and answers(row, found[0], found[0].text)
                counts["marked"] += bool(found) and answers(row, found[0], found[0].marked)
                counts["shown"] += any(answers(row, passage, passage.text) for passage in found)
                counts["wrongly refused"] += best < skill.NEAR
    print(split, json.dumps(counts | tiers, ensure_ascii=False))


if __name__ == "__main__":
    asyncio.run(measure(sys.argv[1] if len(sys.argv) > 1 else "dev"))
