"""Skills: folders and installed packages into one dictionary. The only file that imports
skills_ref.

Mistakes stop the start, all of them listed at once, each with its file and what to do. Many who
read them write SKILL.md files, not Python.
"""

from __future__ import annotations

import hashlib
import importlib.util
import sys
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from difflib import get_close_matches
from importlib.metadata import entry_points
from pathlib import Path
from typing import Any

from skills_ref.errors import SkillError
from skills_ref.parser import parse_frontmatter
from skills_ref.validator import ALLOWED_FIELDS, validate_metadata

from bot.contract import PLAIN_PROMPTS, Run, Skill
from bot.errors import Misconfigured, ShomuError
from bot.prompts import PromptBook
from bot.routing import fold

ENTRY_POINT_GROUP = "shomu.skills"
SKILL_KEYS = ("title", "triggers", "examples", "prompts", "risk", "version")
RISKS = ("blue", "yellow", "red")


@dataclass(slots=True)
class _Found:
    """What has been read so far, and what is wrong with it."""

    skills: dict[str, Skill] = field(default_factory=dict)
    places: dict[str, str] = field(default_factory=dict)
    mistakes: list[str] = field(default_factory=list)

    def add(self, skill: Skill, place: str) -> None:
        if skill.name in self.places:
            self.mistakes.append(
                f"{place}: スキル名「{skill.name}」は {self.places[skill.name]} と同じです。"
                "どちらかの名前を変えてください。"
            )
            return
        self.skills[skill.name] = skill
        self.places[skill.name] = place


def load_skills(folders: Sequence[Path], prompts: PromptBook, plain: Run) -> dict[str, Skill]:
    """Load every skill of the folders and of installed packages, by name.

    `plain` is what runs a skill that is only a SKILL.md. Raises Misconfigured with all mistakes.
    """
    found = _Found()
    for folder in folders:
        for path in sorted(folder.glob("*/SKILL.md")) if folder.is_dir() else ():
            _load_folder(path, plain, found)
    for entry in sorted(entry_points(group=ENTRY_POINT_GROUP), key=lambda entry: entry.name):
        _load_entry(entry.name, entry.load, found)
    _check_triggers(found)
    _check_prompts(found, prompts)
    if found.mistakes:
        raise Misconfigured(found.mistakes, remedy="書き方は skills/README.md にあります。")
    return found.skills


def _load_folder(path: Path, plain: Run, found: _Found) -> None:
    """Read one SKILL.md, and the skill.py beside it when there is one."""
    place = f"{path.parent.name}/SKILL.md"
    try:
        values, body = parse_frontmatter(path.read_text(encoding="utf-8"))
    except (SkillError, UnicodeDecodeError, OSError) as error:
        found.mistakes.append(
            f"{place}: 先頭の --- から --- までを読めません（{error}）。"
            "name と description を書いてください。"
        )
        return
    mistakes = _key_mistakes(place, values) + _value_mistakes(place, values, path.parent)
    found.mistakes += mistakes
    if mistakes:
        return
    try:
        has_code = (path.parent / "skill.py").exists()
        coded = _load_code(path.parent) if has_code else Skill(run=plain)
    except ShomuError as error:
        found.mistakes.append(f"{path.parent.name}/skill.py: {error}")
        return
    about: dict[str, str] = values.get("metadata") or {}
    found.add(
        replace(
            coded,
            name=values["name"],
            title=about.get("title", values["name"]),
            description=" ".join(values["description"].split()),
            triggers=_items(about.get("triggers", "")),
            examples=_items(about.get("examples", "")),
            prompts=_items(about.get("prompts", "")) or _prompts_of(coded.run, plain),
            risk=about.get("risk", "blue"),  # type: ignore[arg-type]  # checked above
            version=about.get("version", "1.0.0"),
            instructions=body.strip(),
            folder=path.parent,
        ),
        place,
    )


def _prompts_of(run: Run, plain: Run) -> tuple[str, ...]:
    return PLAIN_PROMPTS if run is plain else ()


def _key_mistakes(place: str, values: dict[str, Any]) -> list[str]:
    """Unknown keys, with the one that was probably meant."""
    mistakes = []
    groups: tuple[tuple[Iterable[str], Iterable[str], str], ...] = (
        (values, sorted(ALLOWED_FIELDS), ""),
        (values.get("metadata") or {}, SKILL_KEYS, "metadata の "),
    )
    for keys, known, where in groups:
        for key in keys:
            if key in known:
                continue
            near = get_close_matches(key, list(known), n=1)
            hint = f"「{near[0]}」のことですか。" if near else ""
            if not where and key in SKILL_KEYS:
                hint = f"「{key}」は metadata: の下に書きます。"
            mistakes.append(
                f"{place}: {where}「{key}」というキーはありません。{hint}"
                f"使えるキーは {'、'.join(known)} です。"
            )
    return mistakes


def _value_mistakes(place: str, values: dict[str, Any], folder: Path) -> list[str]:
    known = {key: value for key, value in values.items() if key in ALLOWED_FIELDS}
    mistakes = [f"{place}: {_in_japanese(text)}" for text in validate_metadata(known, folder)]
    about = values.get("metadata") or {}
    if not isinstance(about, dict):
        return [*mistakes, f"{place}: metadata は「キー: 値」の形で書いてください。"]
    if about.get("risk", "blue") not in RISKS:
        mistakes.append(f"{place}: risk は {'、'.join(RISKS)} のどれかです。")
    if about.get("risk") == "red":
        mistakes.append(f"{place}: risk が red のスキルは有効にできません。")
    version = str(about.get("version", "1.0.0"))
    if len(version.split(".")) != 3 or not all(part.isdigit() for part in version.split(".")):
        mistakes.append(f"{place}: version は 1.0.0 のように数字3つで書いてください。")
    return mistakes


def _in_japanese(text: str) -> str:
    """The validator's commonest sentences in the reader's language; the rest as they are."""
    if text.startswith("Missing required field"):
        return f"「{text.rsplit(' ', 1)[-1]}」がありません。--- の間に書いてください。"
    if text.startswith("Directory name"):
        return "フォルダーの名前と name を同じにしてください。"
    if "must be lowercase" in text or "invalid characters" in text or "hyphen" in text:
        return "name は小文字の英数字・ひらがな・漢字などと - で書いてください。"
    return text


def _items(text: str) -> tuple[str, ...]:
    """「駐車、駐輪」 or one a line → the items."""
    parts = text.replace("\n", "、").replace(",", "、").split("、")
    return tuple(part.strip() for part in parts if part.strip())


def _load_code(folder: Path) -> Skill:
    """Import skill.py and take the one Skill in it."""
    path = folder / "skill.py"
    digest = hashlib.sha256(str(path.resolve()).encode()).hexdigest()[:12]
    name = f"shomu_skill_{digest}"
    spec = importlib.util.spec_from_file_location(name, path)
    if spec is None or spec.loader is None:
        raise ShomuError("読み込めません。ファイルを確認してください。")
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    try:
        spec.loader.exec_module(module)
    except Exception as error:  # an author's file may fail in any way; the start lists them all
        line = getattr(error, "lineno", None) or _last_line(error)
        raise ShomuError(f"{line}行目でエラーです（{type(error).__name__}: {error}）。") from error
    skills = [value for value in vars(module).values() if isinstance(value, Skill)]
    if len(skills) != 1:
        raise ShomuError(
            f"@skill をつけた関数が{len(skills)}個あります。ちょうど1個にしてください。"
        )
    return skills[0]


def _last_line(error: Exception) -> int:
    trace = error.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    return trace.tb_lineno if trace else 0


def _load_entry(name: str, load: Any, found: _Found) -> None:
    """Take a Skill that an installed package exposes."""
    place = f"パッケージのスキル「{name}」"
    try:
        value = load()
    except Exception as error:  # an author's package may fail in any way
        found.mistakes.append(f"{place}: 読み込めません（{type(error).__name__}: {error}）。")
        return
    if not isinstance(value, Skill) or not value.name or not value.description:
        found.mistakes.append(
            f"{place}: @skill(name=…, description=…) で作った値を指してください。"
        )
        return
    found.add(replace(value, title=value.title or value.name), place)


def _check_triggers(found: _Found) -> None:
    owners: dict[str, str] = {}
    for name, skill in found.skills.items():
        for trigger in skill.triggers:
            other = owners.setdefault(fold(trigger), name)
            if other != name:
                found.mistakes.append(
                    f"{found.places[name]}: トリガー「{trigger}」は {found.places[other]} にも"
                    "あります。どちらかを変えてください。"
                )


def _check_prompts(found: _Found, prompts: PromptBook) -> None:
    for name, skill in found.skills.items():
        for prompt in skill.prompts:
            owner, _, purpose = prompt.rpartition("/")
            if not prompts.has(owner or name, purpose):
                path = f"prompts/{owner or name}/{purpose}.ja.prompty"
                found.mistakes.append(
                    f"{found.places[name]}: プロンプト {path} がありません。"
                    "作るか、metadata の prompts から消してください。"
                )
