"""Questions find their passages, inside the rights of whoever asks, on any input."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from pathlib import Path

import pytest
import pytest_asyncio
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.errors import UnknownWorkspace, UnreadableDocument
from bot.ports import AuditEvent, Passage
from bot.services.database import Database
from bot.services.manuals import search as search_module
from bot.services.manuals.library import Library
from bot.services.manuals.search import TantivySearch
from bot.services.manuals.synonyms import meant_by

RULES = """# 服務規程
## 夏季休暇
職員は、7月から9月までの間に5日以内の夏季休暇を取ることができる。
## 出勤
職員は、定刻までに出勤し、打刻しなければならない。
## 旅費の精算
出張から帰庁した日から10日以内に旅費を精算する。
"""
CANARY = "極秘の夏季休暇カナリア番号は9981である。"


async def unrecorded(_connection: AsyncConnection, _event: AuditEvent) -> None:
    """Nobody looks."""


@pytest.fixture
def library(database: Database) -> Library:
    return Library(database, unrecorded)


@pytest_asyncio.fixture
async def search(database: Database, tmp_path: Path) -> AsyncIterator[TantivySearch]:
    opened = TantivySearch(database, tmp_path)
    yield opened
    await opened.close()


async def ask(search: TantivySearch, query: str, **rights: str) -> Sequence[Passage]:
    asked = {"workspace": "city", "clearance": "2"} | rights
    return await search.find(query, **asked)  # type: ignore[arg-type]


async def test_a_question_finds_the_passage_that_answers_it(
    library: Library, search: TantivySearch
) -> None:
    await library.add([("規程.md", RULES.encode())], workspace="city", label="2")

    found = await ask(search, "夏休みじゃなくて夏季休暇は何日取れますか？")

    assert found[0].heading.endswith("夏季休暇")
    assert "5日以内" in found[0].text
    assert (found[0].document, found[0].label) == ("規程.md", "2")
    assert found[0].score > 0
    assert [p.score for p in found] == sorted((p.score for p in found), reverse=True)


async def test_a_word_that_stands_only_in_the_heading_finds_the_passage(
    library: Library, search: TantivySearch
) -> None:
    await library.add([("規程.md", RULES.encode())], workspace="city", label="2")

    assert (await ask(search, "服務規程の出勤"))[0].heading.endswith("出勤")


async def test_what_people_say_finds_what_the_manual_calls_it(
    library: Library, search: TantivySearch
) -> None:
    rules = "## 車賃\n自家用車を使うときは、1キロメートルにつき28円とする。\n## 日当\n出張の日当。"
    await library.add([("旅費.md", rules.encode())], workspace="city", label="2")

    found = (await ask(search, "マイカーの代金は？"))[0]

    assert found.heading.endswith("車賃")
    assert found.coverage >= 0.5


def test_a_short_word_inside_another_is_not_what_people_said() -> None:
    assert meant_by("それで大丈夫ですか") == {}
    assert meant_by("夫の扶養に入る") == {"夫": ("配偶者",)}


async def test_coverage_tells_an_answer_from_a_chance_hit(
    library: Library, search: TantivySearch
) -> None:
    await library.add([("規程.md", RULES.encode())], workspace="city", label="2")

    answer = (await ask(search, "旅費の精算"))[0]
    chance = (await ask(search, "火星旅行の職員向け補助金"))[0]

    assert answer.coverage == pytest.approx(1.0)
    assert chance.coverage < 0.4


async def test_a_passage_above_clearance_neither_comes_out_nor_moves_a_score(
    library: Library, search: TantivySearch
) -> None:
    await library.add([("規程.md", RULES.encode())], workspace="city", label="2")
    before = await ask(search, "夏季休暇")

    await library.add(
        [(f"秘{number}.txt", CANARY.encode()) for number in range(5)], workspace="city", label="3A"
    )

    assert await ask(search, "夏季休暇") == before
    assert not await ask(search, "カナリア")
    assert [p.text for p in await ask(search, "カナリア", clearance="3A")] == [CANARY] * 5


async def test_raising_the_label_of_a_document_hides_it_at_once(
    library: Library, search: TantivySearch
) -> None:
    await library.add([("秘.txt", CANARY.encode())], workspace="city", label="2")
    assert await ask(search, "カナリア")

    await library.add([("秘.txt", CANARY.encode())], workspace="city", label="3B")

    assert not await ask(search, "カナリア")
    assert await ask(search, "カナリア", clearance="3B")


async def test_a_clearance_that_does_not_exist_reads_nothing(
    library: Library, search: TantivySearch
) -> None:
    await library.add([("規程.md", RULES.encode())], workspace="city", label="1")

    assert not await ask(search, "夏季休暇", clearance="最高")
    assert not await ask(search, "夏季休暇", clearance="")


async def test_workspaces_and_collections_are_apart(
    library: Library, search: TantivySearch
) -> None:
    await library.add([("町.txt", CANARY.encode())], workspace="town", label="1")
    await library.add(
        [("技.txt", "技能のカナリア".encode())], workspace="city", label="1", collection="skill/x"
    )
    await library.add([("規程.md", RULES.encode())], workspace="city", label="1")

    assert not await ask(search, "カナリア")
    assert [p.document for p in await ask(search, "カナリア", workspace="town")] == ["町.txt"]
    (own,) = await ask(search, "カナリア", collection="skill/x")
    assert own.collection == "skill/x"


async def test_a_search_without_a_workspace_is_refused(search: TantivySearch) -> None:
    with pytest.raises(UnknownWorkspace):
        await ask(search, "夏季休暇", workspace="")


async def test_what_another_process_adds_and_removes_is_followed(
    library: Library, search: TantivySearch
) -> None:
    assert not await ask(search, "夏季休暇")
    await library.add([("規程.md", RULES.encode())], workspace="city", label="2")
    assert await ask(search, "夏季休暇")
    await library.remove(["規程.md"], workspace="city")
    assert not await ask(search, "夏季休暇")


ODD = ["", " ", "？！。、", "🍣🎉", "AND OR NOT (", '"', "title:*", "a\x00b", "\ud800", "のはがを"]


@pytest.mark.parametrize("query", ODD, ids=range(len(ODD)))
async def test_odd_input_finds_nothing_and_breaks_nothing(
    library: Library, search: TantivySearch, query: str
) -> None:
    await library.add([("規程.md", RULES.encode())], workspace="city", label="2")

    assert list(await ask(search, query)) == []
    assert list(await search.rank(query, [Passage("1", "d", "h", "本文")])) == []


async def test_a_question_of_twenty_thousand_characters_is_answered(
    library: Library, search: TantivySearch
) -> None:
    await library.add([("規程.md", RULES.encode())], workspace="city", label="2")

    found = await ask(search, "夏季休暇について。" + "前置きが続きます" * 2_500)

    assert found[0].heading.endswith("夏季休暇")


@settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))
@given(query=st.text(max_size=80))
def test_any_text_can_be_ranked_against(query: str) -> None:
    found = search_module._rank(query, [Passage("1", "d", "夏季休暇", "5日以内")], 5)

    assert len(found) <= 1


async def test_passages_that_are_not_kept_are_ranked_the_same_way(search: TantivySearch) -> None:
    passages = await search.read("規程.md", RULES.encode())

    ranked = await search.rank("旅費はいつまでに精算？", passages, top=2)

    assert ranked[0].heading.endswith("旅費の精算")
    assert ranked[0].coverage > 0.5
    assert len(ranked) <= 2
    assert {p.label for p in passages} == {"3B"}


async def test_an_attached_file_that_cannot_be_read_is_named(search: TantivySearch) -> None:
    with pytest.raises(UnreadableDocument, match=r"添付\.docx"):
        await search.read("添付.docx", b"broken")


async def test_a_large_index_lives_on_disk_and_is_reopened(
    library: Library,
    database: Database,
    search: TantivySearch,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(search_module, "IN_MEMORY", 0)
    await library.add([("規程.md", RULES.encode())], workspace="city", label="2")
    first = await ask(search, "夏季休暇")
    (place,) = (tmp_path / "index").iterdir()

    other = TantivySearch(database, tmp_path)
    monkeypatch.setattr(search_module, "_write", lambda *_: pytest.fail("built again"))
    assert list(await ask(other, "夏季休暇")) == list(first)
    await other.close()
    monkeypatch.undo()

    monkeypatch.setattr(search_module, "IN_MEMORY", 0)
    await library.add([("新.txt", "夏季休暇の新しい通知".encode())], workspace="city", label="2")
    assert "新.txt" in [p.document for p in await ask(search, "夏季休暇の通知")]
    assert place not in list((tmp_path / "index").iterdir())
    assert len(list((tmp_path / "index").iterdir())) == 1


async def test_while_a_new_index_is_built_the_old_one_answers_without_removed_rows(
    library: Library, search: TantivySearch, monkeypatch: pytest.MonkeyPatch
) -> None:
    await library.add(
        [("規程.md", RULES.encode()), ("秘.txt", CANARY.encode())], workspace="city", label="2"
    )
    assert len(await ask(search, "夏季休暇")) == 2
    gate = asyncio.Event()
    build = search._build

    async def slowly(*arguments: object) -> object:
        await gate.wait()
        return await build(*arguments)  # type: ignore[arg-type]

    monkeypatch.setattr(search, "_build", slowly)
    monkeypatch.setattr(search_module, "PATIENCE_SECONDS", 0.01)
    await library.remove(["秘.txt"], workspace="city")

    during = await ask(search, "夏季休暇")
    gate.set()

    assert [p.document for p in during] == ["規程.md"]


async def test_many_askers_of_a_new_index_build_it_once(
    library: Library, search: TantivySearch, monkeypatch: pytest.MonkeyPatch
) -> None:
    await library.add([("規程.md", RULES.encode())], workspace="city", label="2")
    built = []
    write = search_module._write

    def counted(rows: Sequence[tuple[str, str, str]], place: Path | None) -> object:
        built.append(len(rows))
        return write(rows, place)

    monkeypatch.setattr(search_module, "_write", counted)
    found = await asyncio.gather(*(ask(search, "夏季休暇") for _ in range(20)))

    assert all(passages == found[0] for passages in found)
    assert built == [3]
