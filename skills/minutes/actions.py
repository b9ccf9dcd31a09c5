"""The actions of approved minutes until they are done: who took them on, when they are due."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import Any

from bot import Action, BadInput, Context, Field, Form, Message, Reply
from skills.minutes import calendar, edits
from skills.minutes.minutes import Minutes

LIST_WORDS = ("対応一覧", "対応の一覧", "宿題一覧")
MOST_LISTED = 10
MOST_OFFERED = 5
OPEN, DONE, DROPPED = "open", "done", "dropped"
WEEK = timedelta(days=7)
MOST_OVERDUE = 4
DUE_FORM = "minutes/due"
GONE = "この対応は見つかりません。「対応一覧」と書いて、一覧を開き直してください。"


async def open_all(context: Context, minutes: Minutes) -> tuple[int, bool]:
    """Keep each action of approved minutes; how many, and whether they will be recalled here.

    Minutes that are approved again change what is kept and leave what was done.
    """
    wanted = {f"{minutes.key}/{item['number']:03}": item for item in minutes.of_kind("action")}
    before = await context.all_kept(f"action/{minutes.key}/")
    for name, action in before.items():
        if name.removeprefix("action/") not in wanted:
            await context.keep(name, {**action, "state": DROPPED})
    for key, item in wanted.items():
        await context.keep(f"action/{key}", _opened(minutes, item, before.get(f"action/{key}", {})))
    for person in {action["taken_by"] for action in before.values()} - {""}:
        await _schedule(context, minutes.key, person)
    return len(wanted), await _schedule(context, minutes.key)


def _opened(
    minutes: Minutes, item: Mapping[str, Any], known: Mapping[str, Any]
) -> Mapping[str, Any]:
    """The record of an action. Who took it on and another due date outlive a new approval."""
    said = {name: item[name] for name in ("owner", "due", "due_text")}
    record = {
        "state": OPEN,
        "taken_by": "",
        **said,
        **known,
        "said": said,
        "text": item["text"],
        "meeting": minutes.title,
        "series": minutes.series,
        "day": minutes.day,
        "draft": minutes.key,
    }
    if known and known["said"] != said:
        record |= said
    if record["state"] == DROPPED:
        record["state"] = OPEN
    return record


def offers(minutes: Minutes) -> tuple[Action, ...]:
    """Buttons with which people take on the actions of just approved minutes."""
    return tuple(
        Action(
            "minutes",
            f"私が担当します：{item['text'][:16]}",
            f"take {minutes.key}/{item['number']:03}",
        )
        for item in minutes.of_kind("action")[:MOST_OFFERED]
    )


async def carried(context: Context, series: str) -> tuple[Mapping[str, Any], ...]:
    """What the next meeting of a series starts from: all that is open, and the last one's."""
    if not series:
        return ()
    kept = await context.all_kept("action/")
    same = [each for each in kept.values() if each.get("series") == series]
    # Keys begin with the time of their draft: the last one is of the last meeting.
    last = same[-1]["draft"] if same else ""
    shown = [
        each
        for each in same
        if each["state"] == OPEN or (each["state"] == DONE and each["draft"] == last)
    ]
    shown.sort(key=lambda each: (each["state"] != OPEN, each["due"] or "9999"))
    names = ("text", "owner", "due", "due_text", "state")
    return tuple({name: each[name] for name in names} for each in shown)


async def finish(message: Message, context: Context, key: str) -> Reply:
    action = await _fetch(context, key)
    if action["state"] != DONE:
        done = {**action, "state": DONE, "done_by": message.actor.id}
        await context.keep(f"action/{key}", done)
        await context.note("action-done", key, {})
        await _forget_idle(context, action)
    return Reply(f"完了にしました：{action['text']}", status="help")


async def take_on(message: Message, context: Context, key: str) -> Reply:
    """Make the person who pressed the one who is reminded directly."""
    action = await _fetch(context, key)
    who, taken = message.actor.id, action["taken_by"]
    if action["state"] != OPEN:
        return Reply(f"この対応は残っていません：{action['text']}", status="help")
    if taken == who:
        return Reply(f"すでに担当になっています：{action['text']}", status="help", is_private=True)
    owner = message.actor.name or action["owner"]
    await context.keep(f"action/{key}", {**action, "taken_by": who, "owner": owner})
    await context.note("action-taken", key, {"by": who, "was": taken})
    await _forget_idle(context, action)
    is_told = await _schedule(context, action["draft"], who)
    words = "期限の前の開庁日と当日の朝9時に、直接お知らせします。" if is_told else ""
    return Reply(
        f"{owner}さんの担当にしました：{action['text']}\n{words}".strip(),
        status="help",
        form=due_form(key, action),
    )


def due_form(key: str, action: Mapping[str, Any]) -> Form:
    day = Field("due", "新しい期限", "date", value=action["due"] or "")
    return Form(f"{DUE_FORM} {key}", "期限を変える", (day,), submit="変える")


async def change_due(message: Message, context: Context, key: str) -> Reply:
    """Give an action another day. Who did, and from when to when, is on record."""
    action = await _fetch(context, key)
    draft = action["draft"]
    day, words = edits.due(message.values.get("due", ""), calendar.today(context.now))
    if day is None:
        raise BadInput("due", remedy="期限の日を 2026-12-10 の形で入れてください。")
    was = _earliest(await _waiting(context, draft), context.now)
    await context.keep(f"action/{key}", {**action, "due": day, "due_text": words})
    await context.note("action-due", key, {"was": action["due"] or "", "due": day})
    now = _earliest(await _waiting(context, draft), context.now)
    # What waits in the thread of the minutes stays there, and looks at the new date when it comes:
    # set from here, it would be moved to this place. Only what is earlier cannot wait.
    if now is not None and (was is None or now < was):
        await context.remind(_reminder(draft), now)
    if action["taken_by"]:
        await _schedule(context, draft, action["taken_by"])
    written = calendar.wareki(date.fromisoformat(day))
    return Reply(f"期限を {written} に変えました：{action['text']}", status="help")


async def remind(message: Message, context: Context) -> Reply:
    """Say which actions of some minutes are due now; nothing when there are none."""
    name = message.values.get("key", "")
    draft, _, person = name.removeprefix("due/").partition("/")
    waiting = await _waiting(context, draft, person)
    following = _earliest(waiting, context.now)
    if following is not None:
        await context.remind(name, following, to=person)
    # One that was set for a date which has been changed since says nothing.
    owed = [
        (key, action)
        for key, action in waiting
        if message.sent_at in moments(date.fromisoformat(action["due"]))
    ]
    if not owed:
        return Reply("", status="withdrawn")
    today = calendar.today(context.now)
    lines = [f"**{owed[0][1]['meeting'] or '会議'}の対応の期限をお知らせします**"]
    lines += [f"- {_recalled(action, today)}" for _, action in owed[:MOST_LISTED]]
    if len(owed) > MOST_LISTED:
        lines.append(f"- ほか{len(owed) - MOST_LISTED}件（「対応一覧」で見られます）")
    form = due_form(*owed[0]) if len(owed) == 1 else None
    return Reply("\n".join(lines), actions=tuple(_buttons(owed)), form=form, status="help")


def _recalled(action: Mapping[str, Any], today: date) -> str:
    due = date.fromisoformat(action["due"])
    if due == today:
        words = "今日が期限です"
    else:
        words = "期限を過ぎています" if due < today else "もうすぐ期限です"
    owner = action["owner"] or "未定"
    return f"**{words}**：{action['text']}（担当 {owner}、期限 {calendar.wareki(due)}）"


def moments(due: date) -> list[datetime]:
    """When to say it: the working day before, the day, then weekly four times; all at nine."""
    days = [calendar.working_day_before(due), due]
    days += [calendar.working_day_from(due + WEEK * n) for n in range(1, MOST_OVERDUE + 1)]
    return [calendar.morning(day) for day in days]


def next_moment(due: date, now: datetime) -> datetime | None:
    """When to say it next; None when it was said often enough."""
    return next((moment for moment in moments(due) if moment > now), None)


async def list_open(context: Context) -> Reply:
    """What is still open in this workspace, the earliest due first."""
    kept = await context.all_kept("action/")
    still = [
        (name.removeprefix("action/"), item) for name, item in kept.items() if item["state"] == OPEN
    ]
    if not still:
        return Reply("残っている対応はありません。", status="help", is_private=True)
    still.sort(key=lambda pair: (pair[1]["due"] or "9999", pair[0]))
    today = calendar.today(context.now).isoformat()
    lines = [f"**残っている対応 {len(still)}件**"]
    lines += [f"- {_told(item, today)}" for _, item in still[:MOST_LISTED]]
    if len(still) > MOST_LISTED:
        lines.append(f"- ほか{len(still) - MOST_LISTED}件")
    # It gathers from meetings that not everybody in this place took part in.
    return Reply("\n".join(lines), actions=tuple(_buttons(still)), status="help", is_private=True)


def _told(item: Mapping[str, Any], today: str) -> str:
    due = item["due"] or item["due_text"] or "期限なし"
    late = "、**期限を過ぎています**" if item["due"] and item["due"] < today else ""
    taken = "" if item["taken_by"] else "（引き受けた方はまだいません）"
    meeting = f"、{item['meeting']}" if item["meeting"] else ""
    owner = item["owner"] or "未定"
    return f"{item['text']}（担当 {owner}{taken}、期限 {due}{late}{meeting}）"


def _buttons(listed: Sequence[tuple[str, Mapping[str, Any]]]) -> Iterator[Action]:
    """Done, for each; and taking on what nobody has."""
    for key, item in listed[:MOST_LISTED]:
        yield Action("minutes", f"完了：{item['text'][:24]}", f"done {key}")
    for key, item in listed[:MOST_OFFERED]:
        if not item["taken_by"]:
            yield Action("minutes", f"私が担当します：{item['text'][:16]}", f"take {key}")


async def _fetch(context: Context, key: str) -> Mapping[str, Any]:
    action = await context.kept(f"action/{key}")
    if action is None:
        raise BadInput("no action", remedy=GONE)
    return dict(action)


async def _waiting(
    context: Context, draft: str, person: str = ""
) -> list[tuple[str, Mapping[str, Any]]]:
    """The open actions of some minutes that have a day: all, or those a person took on."""
    kept = await context.all_kept(f"action/{draft}/")
    return [
        (name.removeprefix("action/"), action)
        for name, action in kept.items()
        if action["state"] == OPEN and action["due"] and person in ("", action["taken_by"])
    ]


def _earliest(waiting: Sequence[tuple[str, Mapping[str, Any]]], now: datetime) -> datetime | None:
    found = [next_moment(date.fromisoformat(action["due"]), now) for _, action in waiting]
    return min((moment for moment in found if moment is not None), default=None)


async def _schedule(context: Context, draft: str, person: str = "") -> bool:
    """Be called when the next action falls due: in this thread, or for one person."""
    moment = _earliest(await _waiting(context, draft, person), context.now)
    return moment is not None and await context.remind(_reminder(draft, person), moment, to=person)


async def _forget_idle(context: Context, action: Mapping[str, Any]) -> None:
    """Take back the reminders that nothing waits for any more."""
    for person in {"", action["taken_by"]}:
        if not await _waiting(context, action["draft"], person):
            await context.forget(_reminder(action["draft"], person))


def _reminder(draft: str, person: str = "") -> str:
    # One for all actions of some minutes: ten that are due on a day make one message.
    return f"due/{draft}/{person}".removesuffix("/")
