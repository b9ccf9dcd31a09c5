"""Minutes as they are shown in the chat: whole, the lines behind an item, what was changed."""

from __future__ import annotations

from itertools import pairwise

from bot import Action, Context, Reply
from skills.minutes import edits
from skills.minutes.drafts import as_text, item_line
from skills.minutes.minutes import APPROVED, CHECKED, DRAFT, STATES, Minutes, load_transcript
from skills.minutes.paper import clock
from skills.minutes.transcript import Transcript
from skills.minutes.workflow import Rules

DRAFT_NOTICE = "未確認の下書きです。発言と見比べて、確認してからお使いください。"
AROUND = 2
NO_TRANSCRIPT = "発言の記録は、保存期間を過ぎたか、承認の後に消したため、示せません。"


def next_steps(minutes: Minutes, setting: Rules) -> tuple[Action, ...]:
    """The buttons that minutes of this state have."""
    key = minutes.key
    found = []
    if minutes.state == DRAFT:
        found.append(Action("minutes", "内容を確認した", f"check {key}", "primary"))
    elif minutes.state == CHECKED:
        step = setting.step_after(len(minutes.approvals)).name
        title = f"{step}として承認する" if len(setting.steps) > 1 else "承認する"
        found.append(Action("minutes", title, f"approve {key}", "primary"))
    if minutes.state != DRAFT and minutes.is_whispered:
        found.append(Action("minutes", "この場に共有", f"share {key}"))
    found += [
        Action("minutes", "Wordで受け取る", f"word {key}"),
        Action("minutes", "根拠を見る", f"evidence {key}"),
        Action("minutes", "項目を直す", f"edit {key}"),
        Action("minutes", "様式を変える", f"template {key}"),
    ]
    if minutes.version > 1:
        found.append(Action("minutes", "変更点", f"changes {key}"))
    if minutes.state == APPROVED:
        found.append(Action("minutes", "対応の一覧", "list"))
    return tuple(found)


def show(minutes: Minutes, setting: Rules, *, notice: str = "") -> Reply:
    """The minutes as they are now, with what can be done next."""
    told = notice or (DRAFT_NOTICE if minutes.state == DRAFT else "")
    return Reply(
        as_text(minutes),
        notice=told,
        summary=f"{minutes.title or '議事録'}（{STATES[minutes.state]}）",
        actions=next_steps(minutes, setting),
        status="help",
        engine=minutes.engine,
        is_private=minutes.is_whispered,
        can_be_shared=not minutes.is_private,
    )


async def show_evidence(context: Context, minutes: Minutes, number: int) -> Reply:
    """The very lines an item rests on, with a few before and after."""
    item = minutes.item(number)
    transcript = await words_of(context, minutes)
    if not item["lines"]:
        return told(minutes, f"{item_line(item)}\n人が書き加えた項目で、もとの発言はありません。")
    if transcript is None:
        return told(minutes, f"{item_line(item)}\n{NO_TRANSCRIPT}")
    said = {line.number: line for line in transcript.lines}
    wanted = set(item["lines"])
    near = {n for line in wanted for n in range(line - AROUND, line + AROUND + 1)}
    lines = [f"**{item_line(item)}**"]
    before = 0
    for n in sorted(near & set(said)):
        if before and n > before + 1:
            lines.append("> …")
        line, before = said[n], n
        at = f" {clock(line.at)}" if line.at is not None else ""
        role = f"（{line.role}）" if line.role and line.role != line.speaker else ""
        words = f"{n}行目{at} {line.speaker}{role}：{line.text}"
        lines.append(f"> **{words}**" if n in wanted else f"> {words}")
    return told(minutes, "\n".join(lines))


async def words_of(context: Context, minutes: Minutes) -> Transcript | None:
    """The transcript of minutes; None when it is gone."""
    content = await context.fetch(minutes.transcript) if minutes.transcript else None
    return load_transcript(content) if content else None


async def changes_of(context: Context, minutes: Minutes) -> Reply:
    """What every version changed."""
    kept = await context.all_kept(f"version/{minutes.key}/")
    versions = [content for _, content in sorted(kept.items())]
    if len(versions) < 2:
        return told(minutes, "まだ直されていません。")
    lines = []
    for number, (before, after) in enumerate(pairwise(versions), 2):
        lines += [f"**第{number}版**", *edits.told(edits.difference(before, after))]
    return told(minutes, "\n".join(lines))


def told(minutes: Minutes, text: str) -> Reply:
    """Words about minutes: only their author reads them while the draft is private."""
    return Reply(text, status="help", is_private=minutes.is_whispered)
