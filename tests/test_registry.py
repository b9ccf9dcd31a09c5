"""Skills are found, and every mistake in one stops the start with what to do."""

from __future__ import annotations

from importlib.metadata import EntryPoint
from pathlib import Path

import pytest

from bot import Context, Message, Reply, Skill, registry, skill
from bot.errors import Misconfigured
from bot.prompts import PromptBook, load_prompts
from bot.registry import load_skills
from bot.testing.kit import SHIPPED_PROMPTS

ROOT = Path(__file__).parents[1]
BOOK = load_prompts([SHIPPED_PROMPTS])


async def plain(message: Message, context: Context) -> Reply:
    return Reply("")


def write(folder: Path, name: str, head: str, body: str = "本文", code: str = "") -> None:
    (folder / name).mkdir(parents=True)
    (folder / name / "SKILL.md").write_text(f"---\n{head}\n---\n{body}\n", encoding="utf-8")
    if code:
        (folder / name / "skill.py").write_text(code, encoding="utf-8")


def mistakes(folder: Path, book: PromptBook = BOOK) -> str:
    with pytest.raises(Misconfigured) as caught:
        load_skills([folder], book, plain)
    return "\n".join(caught.value.mistakes)


def test_the_skills_that_are_shipped_load() -> None:
    skills = load_skills([ROOT / "skills"], BOOK, plain)
    assert skills["manual-search"].title == "マニュアル検索"
    assert skills["manual-search"].examples


def test_a_folder_with_only_a_skill_md_is_a_skill(tmp_path: Path) -> None:
    write(
        tmp_path,
        "駐車場",
        "name: 駐車場\ndescription: 来客用駐車場の予約\nmetadata:\n  triggers: 駐車、駐輪",
    )
    found = load_skills([tmp_path], BOOK, plain)["駐車場"]
    assert found.triggers == ("駐車", "駐輪")
    assert found.run is plain
    assert found.instructions == "本文"


def test_a_folder_with_code_exposes_the_same_value(tmp_path: Path) -> None:
    code = (
        "from bot import Context, Message, Reply, skill\n\n"
        "@skill\nasync def run(message: Message, context: Context) -> Reply:\n"
        "    return Reply('はい')\n"
    )
    write(tmp_path, "yes", "name: yes\ndescription: はいと言う", code=code)
    found = load_skills([tmp_path], BOOK, plain)["yes"]
    assert isinstance(found, Skill)
    assert found.run is not plain
    assert found.description == "はいと言う"


def test_every_mistake_is_listed_at_once_with_what_to_do(tmp_path: Path) -> None:
    write(tmp_path, "parking", "name: parking\ndescripton: 綴り")
    write(tmp_path, "other", "name: wrong-name\ndescription: x")
    write(tmp_path, "keys", "name: keys\ndescription: x\nmetadata:\n  trigers: あ")
    write(tmp_path, "top", "name: top\ndescription: x\ntitle: 上に書いた")
    write(tmp_path, "risky", "name: risky\ndescription: x\nmetadata:\n  risk: red\n  version: v1")
    (tmp_path / "empty").mkdir()
    (tmp_path / "empty" / "SKILL.md").write_text("ただの文章", encoding="utf-8")
    write(tmp_path, "bad-code", "name: bad-code\ndescription: x", code="def f(:\n")
    write(tmp_path, "no-skill", "name: no-skill\ndescription: x", code="x = 1\n")
    told = mistakes(tmp_path)
    for words in (
        "parking/SKILL.md: 「descripton」というキーはありません。「description」のことですか。",
        "other/SKILL.md: フォルダーの名前と name を同じにしてください。",
        "「triggers」のことですか。",
        "「title」は metadata: の下に書きます。",
        "risky/SKILL.md: risk が red のスキルは有効にできません。",
        "risky/SKILL.md: version は 1.0.0 のように",
        "empty/SKILL.md: 先頭の ---",
        "bad-code/skill.py: 1行目でエラーです",
        "no-skill/skill.py: @skill をつけた関数が0個あります。",
    ):
        assert words in told


def test_two_skills_of_one_name_or_trigger_stop_the_start(tmp_path: Path) -> None:
    write(tmp_path / "a", "same", "name: same\ndescription: x\nmetadata:\n  triggers: 駐車")
    write(tmp_path / "b", "same", "name: same\ndescription: x")
    write(tmp_path / "b", "rival", "name: rival\ndescription: x\nmetadata:\n  triggers: 駐車")
    with pytest.raises(Misconfigured) as caught:
        load_skills([tmp_path / "a", tmp_path / "b"], BOOK, plain)
    told = str(caught.value)
    assert "スキル名「same」は same/SKILL.md と同じです" in told
    assert "トリガー「駐車」は same/SKILL.md にもあります" in told


def test_a_missing_prompt_stops_the_start(tmp_path: Path) -> None:
    write(tmp_path, "draft", "name: draft\ndescription: x\nmetadata:\n  prompts: compose")
    assert "prompts/draft/compose.ja.prompty がありません" in mistakes(tmp_path)


def test_an_installed_package_exposes_a_skill_by_entry_point(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    @skill(name="packaged", description="パッケージから来た")
    async def run(message: Message, context: Context) -> Reply:
        return Reply("")

    class Entry:
        name = "packaged"

        def load(self) -> Skill:
            return run

    monkeypatch.setattr(registry, "entry_points", lambda group: [Entry()])
    assert load_skills([tmp_path], BOOK, plain)["packaged"].title == "packaged"
    broken = EntryPoint("broken", "no_such_module:skill", registry.ENTRY_POINT_GROUP)
    monkeypatch.setattr(registry, "entry_points", lambda group: [broken])
    assert "パッケージのスキル「broken」: 読み込めません" in mistakes(tmp_path)
