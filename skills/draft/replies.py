"""What people are told about a draft."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from bot import Action, Form, Reply
from bot.evidence import UNSUPPORTED
from bot.messages import File
from skills.draft import document, flow, forms, proofreading, records
from skills.draft.checks import Finding
from skills.draft.drafting import Draft
from skills.draft.flow import Flow
from skills.draft.kinds import Kind
from skills.draft.versions import Kept

NOTICE = "未確認の下書きです。【要記入】を埋め、根拠と見比べて、確認してからお使いください。"
OFFLINE = "ひな形と入力された内容だけで作りました。AIによる文章は含みません。"
MODEL = "本文はAI（{engine}）が書き、文ごとに根拠と照らし合わせました。"
MOST_CHANGES, FEW_CHANGES, FEW_FINDINGS = 30, 6, 5


def of_draft(
    kept: Kept,
    draft: Draft,
    files: Sequence[File],
    steps: Flow,
    *,
    opening: str = "",
    changed: Sequence[str] = (),
    found: Sequence[Finding] = (),
    notices: Sequence[str] = (),
) -> Reply:
    """A draft in the chat: what changed, its text, what is missing, its excerpts, what is next."""
    status = steps.status(kept)
    heading = f"**{draft.kind.title}「{draft.title}」**（{status}・第{kept.latest.number}版）"
    parts = [opening] if opening else []
    parts += [heading, *_shown(changed, FEW_CHANGES), "", draft.text, ""]
    if draft.missing:
        parts.append(f"{document.MISSING}の欄：{'、'.join(draft.missing)}")
    if draft.excerpts:
        numbers = "".join(f"〔{source.number}〕" for source in draft.excerpts)
        parts.append(f"参考になる記録：{numbers}")
    if found:
        parts += ["", f"公用文の点検：{len(found)}か所", *proofreading.lines(found, FEW_FINDINGS)]
    told = [NOTICE, MODEL.format(engine=kept.engine) if kept.engine != "offline" else OFFLINE]
    return Reply(
        "\n".join(parts).rstrip(),
        sources=draft.excerpts,
        actions=next_actions(kept, steps),
        form=rewriting(draft.kind, kept),
        engine=kept.engine,
        notice="\n".join([*told, *filter(None, notices)]),
        summary=f"{draft.kind.title}「{draft.title}」の下書きを作りました。",
        data=as_data(kept, draft, steps) | {"findings": [finding.as_data() for finding in found]},
        files=tuple(files),
    )


def rewriting(kind: Kind, kept: Kept) -> Form:
    """The form of a draft with what it holds now, the body as it was written."""
    values = dict(kept.values)
    if kept.prose:
        values[kind.body] = kept.prose
    form = forms.form(kind, values, f"draft/write/{kind.name}/{kept.id}")
    return Form(form.name, "書き直す", form.fields, "書き直す")


def next_actions(kept: Kept, steps: Flow) -> tuple[Action, ...]:
    """The buttons under a draft. Their values name the version that is on the screen."""
    this = f"{kept.id} {kept.latest.number}"
    buttons = [
        Action("draft", "もっと短く", f"short {this}"),
        Action("draft", "丁寧に", f"polite {this}"),
    ]
    if kept.excerpts:
        buttons.append(Action("draft", "根拠を見る", f"sources {this}"))
    if len(kept.versions) > 1:
        buttons.append(Action("draft", "前の版との違い", f"changes {this}"))
    if steps.next_step(kept):
        buttons.append(Action("draft", "確認へ進む", f"check {this}", "primary"))
    else:
        buttons.append(Action("draft", "Wordで受け取る", f"word {this}", "primary"))
        if kept.engine != "offline" and kept.discloses:
            buttons.append(Action("draft", "AI利用の記載を外す", f"disclosure {this}"))
    return tuple(buttons)


def of_sources(kept: Kept, draft: Draft) -> Reply:
    """The excerpts in full, each with its place; in what a past record differs from the draft."""
    if not draft.excerpts:
        return Reply("参考になる記録は見つかっていません。", status="help")
    lines = ["**参考になる記録**（下書きに写してはいません。見比べてお使いください）"]
    for source in draft.excerpts:
        lines += [
            f"〔{source.number}〕{source.where}",
            *(f"> {line}" for line in _quoted(source.quote)),
        ]
        if source.passage_id in kept.records:
            lines += [f"- {told}" for told in records.told(draft.text, source.quote)]
    return Reply("\n".join(lines), sources=draft.excerpts)


def _quoted(quote: str) -> list[str]:
    return [line for line in quote.split("\n") if line.strip()]


def of_changes(kept: Kept, changed: Sequence[str]) -> Reply:
    """What the last version changed."""
    if not changed:
        return Reply("前の版と違うところはありません。", status="help")
    heading = f"**第{kept.versions[-2].number}版から第{kept.latest.number}版への違い**"
    return Reply("\n".join([heading, *_shown(changed, MOST_CHANGES)]), status="help")


def _shown(changed: Sequence[str], most: int) -> list[str]:
    more = [f"ほか{len(changed) - most}行が変わりました。"] if len(changed) > most else []
    return [*changed[:most], *more]


def of_checklist(kept: Kept, draft: Draft, steps: Flow) -> Reply:
    """What to look at before the four items are ticked, and the form to tick them in."""
    step = steps.next_step(kept)
    lines = [f"**{step}の確認**　第{kept.latest.number}版", "次の四つを確かめてください。"]
    lines += [f"- **{name}**：{about}" for name, about in flow.CHECKLIST.items()]
    if draft.missing:
        lines.append(f"まだ{document.MISSING}があります：{'、'.join(draft.missing)}")
    count = kept.latest.text.count(UNSUPPORTED)
    if count:
        lines.append(f"{UNSUPPORTED}と付いた文が{count}つあります。直すまで確認できません。")
    name = f"draft/check/{kept.id}/{kept.latest.number}"
    form = forms.checklist(name)
    return Reply("\n".join(lines), form=form, status="help", data=as_data(kept, draft, steps))


def of_step(kept: Kept, step: str, steps: Flow) -> str:
    """What is said when a step was confirmed."""
    following = steps.next_step(kept)
    if following:
        return f"{step}の確認を記録しました。次は{following}の確認です。"
    return (
        f"{step}の確認を記録しました。確認が済みましたので、【未確認】のない Word をお渡しします。"
    )


def as_data(kept: Kept, draft: Draft, steps: Flow) -> dict[str, Any]:
    """The stable JSON of `shomu draft --json`; `file` is filled in where it is written."""
    return {
        "kind": draft.kind.name,
        "title": draft.title,
        "text": draft.text,
        "slots": {slot.name: draft.values.get(slot.name, "") for slot in draft.kind.slots},
        "missing": list(draft.missing),
        "citations": [
            {
                "number": source.number,
                "document": source.document,
                "heading": source.heading,
                "page": source.page,
                "revised": source.revised,
                "passage_id": source.passage_id,
                "quote": source.quote,
            }
            for source in draft.excerpts
        ],
        "engine": kept.engine,
        "status": steps.status(kept),
        "file": "",
        "id": kept.id,
        "version": kept.latest.number,
        "sha256": kept.latest.digest,
    }
