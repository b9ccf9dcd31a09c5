"""An office that writes minutes: the shipped skills on fakes, buttons pressed, forms filled."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from bot import Context, Message, Reply
from bot.app import ROOT
from bot.messages import Actor
from bot.prompts import load_prompts
from bot.registry import load_skills
from bot.testing.kit import SHIPPED_PROMPTS, Kit

TRANSCRIPTS = Path(__file__).parent / "data" / "transcripts"
COUNCIL = {"審議会.txt": (TRANSCRIPTS / "plain.txt").read_bytes()}
TEAM = {"係内会議.vtt": (TRANSCRIPTS / "teams.vtt").read_bytes()}
MEETING = {"説明会.txt": (TRANSCRIPTS / "word-minutes.txt").read_bytes()}
# A short meeting of a series, with what falls due.
SERIES = """総務係 係内会議
日時：令和8年11月{day}日
議題：
　1 防災訓練
　2 文書の整理

佐藤係長：それでは防災訓練について始めます。
田中：会場の鍵は私が12月4日までに借りておきます。
鈴木：参加者の名簿は12月10日までに私が作ります。
佐藤係長：雨天の場合は体育館で行うこととします。
佐藤係長：続いて文書の整理に移ります。
田中：古い文書の箱の置き場所はまだ決まっていません。
"""


def series(day: int = 20) -> dict[str, bytes]:
    return {"係内会議.txt": SERIES.format(day=day).encode()}


async def plain(message: Message, context: Context) -> Reply:
    return Reply("")


def kit(home: Path | None = None, answers: Sequence[str] | None = None) -> Kit:
    skills = load_skills([ROOT / "skills"], load_prompts([SHIPPED_PROMPTS]), plain)
    return Kit(skills.values(), home=home, answers=answers)


def own_file(home: Path, name: str, text: str) -> None:
    """Put a file among the workspace's own for this skill."""
    path = home / "workspaces" / "main" / "minutes" / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")


async def press(bot: Kit, reply: Reply, title: str, user: str = "U1", name: str = "") -> Reply:
    """Press the button that begins so."""
    action = next(action for action in reply.actions if action.title.startswith(title))
    return await bot.say(
        action.value,
        kind="button",
        command=action.name,
        values={"value": action.value, "turn": reply.turn},
        actor=Actor(user, name),
    )


async def fill(bot: Kit, reply: Reply, values: Mapping[str, str], user: str = "U1") -> Reply:
    """Send the form under a reply."""
    assert reply.form is not None
    filled = {field.name: field.value for field in reply.form.fields}
    return await bot.say(
        "",
        kind="form",
        command="minutes",
        values={**filled, **values, "turn": reply.turn, "form": reply.form.name},
        actor=Actor(user),
    )


async def approved(bot: Kit, files: Mapping[str, bytes], **about: object) -> Reply:
    """Draft, check and approve the minutes of a file."""
    draft = await bot.say("議事録にして", files=files, **about)
    return await press(bot, await press(bot, draft, "内容を確認した"), "承認する")
