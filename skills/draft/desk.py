"""What people ask of a draft: to make one, to change it, to check it and to take it along."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from hashlib import sha256

from bot import Action, Attachment, BadInput, Context, Message, Passage, Refused, Reply, Source
from bot.messages import File, highest_label
from skills.draft import (
    drafting,
    finding,
    flow,
    forms,
    kinds,
    proofreading,
    replies,
    versions,
    wording,
    writing,
)
from skills.draft.drafting import Draft
from skills.draft.kinds import Kind
from skills.draft.versions import Kept

# What people write in the thread of a draft → what it does. Looked for in short lines only: a
# longer one is about something else.
SAID: Mapping[str, tuple[str, ...]] = {
    "short": ("短く", "短縮", "簡潔に"),
    "polite": ("丁寧",),
    "sources": ("根拠", "出典"),
    "changes": ("違い", "差分", "変更点"),
    "rewrite": ("書き直", "直したい", "修正したい"),
    "word": ("word", "ワード", "書き出", "ダウンロード"),
    "check": ("確認",),
}
LONGEST_SAID = 20
REQUESTS = {"short": "もっと短く", "polite": "もっと丁寧に"}
STYLES = {"short": wording.SHORT, "polite": wording.POLITE}
WHICH = "どの文書を作りますか。下の欄から選ぶか、「通知の下書き」のように書いてください。"
NO_CHANGE = (
    "言い回しの表で「{style}」できるところは、もうありません。"
    "文章そのものの書き換えにはAIモデルが必要です。「書き直す」で本文を直すこともできます。"
)
NOT_YOURS = (
    "この下書きは、あなたが読めない文書か、更新された文書を参考にしています。"
    "作成した人に「書き直す」を依頼してください。"
)
_UNSAFE = re.compile(r'[\\/:*?"<>|\s]+')


async def answer(message: Message, context: Context) -> Reply:
    """Answer a button, a form, a file or a line."""
    if message.kind == "form":
        return await _submitted(message, context)
    if message.kind == "button":
        verb, _, rest = message.values.get("value", "").partition(" ")
        return await _do(verb, rest, message, context)
    key = await versions.followed(message, context)
    if key and message.attachments:
        return await _take_back(message, context, key, message.attachments[0])
    said = message.text.strip()
    if key and len(said) <= LONGEST_SAID:
        verb = next((v for v, words in SAID.items() if any(w in said.lower() for w in words)), "")
        if verb:
            return await _do(verb, key, message, context)
    return await _spoken(message, context, said)


async def _submitted(message: Message, context: Context) -> Reply:
    """A form that `forms.ask` found complete."""
    _, step, *rest = [*message.values.get("form", "draft").split("/"), ""]
    given = {k: v for k, v in message.values.items() if k not in forms.RESERVED}
    if step == "write":
        kind = kinds.find(rest[0], context.folder)
        values = forms.usable(kind, given, forms.office_values(context.folder))
        key = rest[1] if len(rest) > 2 else ""
        if key:
            return await _rewrite(message, context, kind, values, key)
        return await _make(message, context, kind, values)
    if step == "sample":
        return await _sample(message, context, rest[0])
    if step == "check":
        return await _confirm(message, context, rest[0], rest[1])
    if step == "disclosure":
        return await _hide_disclosure(message, context, rest[0], rest[1], given)
    raise BadInput("draft form", remedy="もう一度「/draft」から始めてください。")


async def _do(verb: str, rest: str, message: Message, context: Context) -> Reply:
    """What a button or a word asks for; `rest` is the draft and, from a button, its version."""
    if verb == "sample":
        return await _sample(message, context, rest)
    key, _, number = rest.partition(" ")
    kept = await _load(message, context, key, number)
    if verb in STYLES:
        return await _reword(message, context, kept, verb)
    draft = versions.compose(kept, context.folder, context.now)
    steps = flow.load(context.folder)
    match verb:
        case "sources":
            return replies.of_sources(kept, draft)
        case "changes":
            return replies.of_changes(kept, versions.last_change(kept.versions))
        case "rewrite":
            form = replies.rewriting(draft.kind, kept)
            return Reply("直すところを入力してください。", form=form, status="help")
        case "check" if steps.next_step(kept):
            return replies.of_checklist(kept, draft, steps)
        case "check" | "word":
            return await _hand_over(context, kept, draft, "")
        case "disclosure":
            form = forms.disclosure(f"draft/disclosure/{kept.id}/{kept.latest.number}")
            return Reply(forms.WHY_DISCLOSURE, form=form, status="help")
    raise BadInput("draft button", remedy="もう一度ボタンを押してください。")


async def _spoken(message: Message, context: Context, said: str) -> Reply:
    """「通知の下書き」 with or without lines such as 「件名：…」."""
    kind = kinds.mentioned(said, context.folder)
    if kind is None:
        form = forms.kind_form(context.folder)
        sample = Action("draft", "見本で試す", f"sample {kinds.ORDER[0]}")
        return Reply(WHICH, form=form, actions=(sample,), status="help")
    if "見本" in said:
        return await _sample(message, context, kind.name)
    values, problems = forms.clean(
        kind, forms.spoken(kind, said), forms.office_values(context.folder)
    )
    if not problems:
        return await _make(message, context, kind, values)
    form = forms.form(kind, values, f"draft/write/{kind.name}")
    sample = Action("draft", "見本で試す", f"sample {kind.name}")
    text = f"{kind.title}の内容を入力してください。空欄は【要記入】になります。"
    return Reply(text, form=form, actions=(sample,), status="help")


async def _sample(message: Message, context: Context, name: str) -> Reply:
    """A draft of the shipped example: nothing of one's own is needed."""
    kind = kinds.find(name, context.folder)
    values = forms.usable(kind, kind.sample, {})
    return await _make(message, context, kind, values, opening="見本（架空の内容）で作りました。")


async def _make(
    message: Message, context: Context, kind: Kind, values: dict[str, str], *, opening: str = ""
) -> Reply:
    """A new draft."""
    await context.progress("参考になる記録を探しています…")
    record = message.values.get("from", "").strip()
    found = await finding.passages(context, kind, values, record)
    prose = await writing.write(context, kind, [writing.given(kind, values), *found])
    kept = Kept(
        id=message.turn,
        author=message.actor.id,
        kind=kind.name,
        values=values,
        prose=prose.text,
        engine=prose.engine,
        excerpts=_excerpts(kind, values, found, prose),
        records=finding.record_ids(found),
    )
    return await _next(message, context, kept, "作成", opening=opening, notices=[prose.notice])


def _excerpts(
    kind: Kind, values: dict[str, str], found: Sequence[Passage], prose: writing.Prose
) -> tuple[Source, ...]:
    """The passages as numbered sources: with prose, what was given is 〔1〕 as the model saw it."""
    shown = [writing.given(kind, values), *found] if prose.text else found
    return tuple(finding.source(passage, n) for n, passage in enumerate(shown, 1))


async def _rewrite(
    message: Message, context: Context, kind: Kind, values: dict[str, str], key: str
) -> Reply:
    """The form of a draft, sent again: its values and its body as a person now has them."""
    kept = await _load(message, context, key)
    notices = ["Word で直した版の代わりに、入力欄から作り直しました。"] if kept.upload else []
    changed = replace(kept, values=values, prose="", upload="")
    if kept.prose and values.get(kind.body, "") == kept.prose:
        # The sentences stay as they were, and so do the numbers they point to.
        still = {**values, kind.body: kept.values.get(kind.body, "")}
        changed = replace(changed, values=still, prose=kept.prose)
    elif not kept.prose:
        found = await finding.passages(context, kind, values)
        excerpts = _excerpts(kind, values, found, writing.Prose())
        changed = replace(changed, excerpts=excerpts, records=finding.record_ids(found))
    return await _next(message, context, changed, "書き直し", notices=notices)


async def _load(message: Message, context: Context, key: str, number: str = "") -> Kept:
    """A draft, for its author and for those who may read what it rests on. Raises Refused."""
    kept = await versions.load(context, key, number)
    is_author = message.actor.id == kept.author
    if not is_author and not await finding.is_readable(context, kept.excerpts):
        raise Refused("draft above clearance", remedy=NOT_YOURS)
    return kept


async def _reword(message: Message, context: Context, kept: Kept, verb: str) -> Reply:
    """Shorter or politer: by a model when there is one, else by the tables of wordings."""
    kind = kinds.find(kept.kind, context.folder)
    before = versions.compose(kept, context.folder, context.now)
    prose = await _rewritten(context, kind, kept, REQUESTS[verb])
    changed = replace(kept, styles=(STYLES[verb],), upload="")
    if prose.text:
        excerpts = kept.excerpts if kept.prose else _excerpts(
            kind, dict(kept.values), finding.kept_passages(kept.excerpts), prose
        )  # fmt: skip
        changed = replace(changed, prose=prose.text, engine=prose.engine, excerpts=excerpts)
    after = versions.compose(changed, context.folder, context.now)
    if after.text == before.text:
        text = NO_CHANGE.format(style=REQUESTS[verb])
        return Reply(text, form=replies.rewriting(kind, kept), status="help", notice=prose.notice)
    return await _next(message, context, changed, REQUESTS[verb], notices=[prose.notice])


async def _rewritten(context: Context, kind: Kind, kept: Kept, request: str) -> writing.Prose:
    """The body in other words, by the model, from the same passages."""
    body = kept.prose or kept.values.get(kind.body, "")
    if not body:
        return writing.Prose()
    values = dict(kept.values)
    passages = [
        writing.given(kind, values),
        *finding.kept_passages(kept.excerpts),
    ]
    return await writing.write(context, kind, passages, request=request, draft=body)


async def _take_back(message: Message, context: Context, key: str, attachment: Attachment) -> Reply:
    """A Word file that a person edited becomes the next version."""
    if not attachment.name.lower().endswith((".docx", ".docm")):
        raise BadInput(
            "draft file",
            remedy="下書きを差し替えるときは、Word の文書（.docx）を添付してください。",
        )
    kept = await _load(message, context, key)
    content = await context.open(attachment)
    changed, _ = versions.uploaded(kept, content, attachment.name)
    return await _next(message, context, changed, "Word での修正")


async def _next(
    message: Message,
    context: Context,
    kept: Kept,
    what: str,
    *,
    opening: str = "",
    notices: Sequence[str] = (),
) -> Reply:
    """Keep a further version of a draft and show it; what was confirmed before is so no longer."""
    draft = versions.compose(kept, context.folder, context.now)
    was_confirmed = bool(kept.confirmed)
    changed = kept.with_text(draft.text, what, message.actor.id, context.now)
    await versions.keep(context, changed)
    await versions.follow(message, context, changed.id)
    await context.note(
        "drafted",
        changed.id,
        {
            "kind": draft.kind.name,
            "form": draft.kind.digest,
            "version": changed.latest.number,
            "sha256": changed.latest.digest,
            "engine": changed.engine,
            "missing": len(draft.missing),
        },
    )
    told = list(notices)
    if was_confirmed:
        told.append("内容が変わったため、確認は初めからになります。")
    return replies.of_draft(
        changed,
        draft,
        [await _file(context, changed, draft, is_confirmed=False)],
        flow.load(context.folder),
        opening=opening,
        changed=versions.last_change(changed.versions),
        found=proofreading.findings(draft, context.folder),
        notices=told,
    )


async def _confirm(message: Message, context: Context, key: str, number: str) -> Reply:
    """Take the next step of the flow."""
    kept = await _load(message, context, key, number)
    steps = flow.load(context.folder)
    draft = versions.compose(kept, context.folder, context.now)
    if draft.text != kept.latest.text:
        raise BadInput(
            "template changed",
            remedy="ひな形や言い回しの表が変わったため、この版の文章と一致しません。"
            "「書き直す」で新しい版を作ってから、確認してください。",
        )
    confirmed, step = flow.confirm(kept, steps, message.actor.id, context.now)
    await versions.keep(context, confirmed)
    await context.note(
        "confirmed",
        kept.id,
        {
            "step": step,
            "version": kept.latest.number,
            "sha256": kept.latest.digest,
            "checklist": list(flow.CHECKLIST),
            "is_last": not steps.next_step(confirmed),
        },
    )
    return await _hand_over(context, confirmed, draft, replies.of_step(confirmed, step, steps))


async def _hide_disclosure(
    message: Message, context: Context, key: str, number: str, given: Mapping[str, str]
) -> Reply:
    """Take the line about AI off the export; why stays with the draft."""
    kept = await _load(message, context, key, number)
    reason = given[forms.REASON].strip()
    changed = replace(kept, discloses=False, reason=f"{message.actor.id}：{reason}")
    await versions.keep(context, changed)
    digest = sha256(reason.encode()).hexdigest()
    await context.note("disclosure-removed", kept.id, {"reason_sha256": digest})
    draft = versions.compose(changed, context.folder, context.now)
    return await _hand_over(context, changed, draft, "AI利用の記載を外し、理由を記録しました。")


async def _hand_over(context: Context, kept: Kept, draft: Draft, told: str) -> Reply:
    """The Word file as it may leave: with its marks until everybody has confirmed it."""
    steps = flow.load(context.folder)
    is_confirmed = not steps.next_step(kept)
    data = replies.as_data(kept, draft, steps)
    file = await _file(context, kept, draft, is_confirmed=is_confirmed)
    if is_confirmed:
        await context.note("exported", kept.id, {"sha256": kept.latest.digest, "file": file.digest})
    text = told or f"Word の文書です（{steps.status(kept)}）。"
    actions = replies.next_actions(kept, steps)
    return Reply(text, files=(file,), actions=actions, engine=kept.engine, status="help", data=data)


async def _file(context: Context, kept: Kept, draft: Draft, *, is_confirmed: bool) -> File:
    content = drafting.word_file(
        draft, context.now, is_confirmed=is_confirmed, discloses=kept.discloses
    )
    mark = "" if is_confirmed else "_未確認"
    name = _UNSAFE.sub("_", f"{draft.kind.name}_{draft.title}"[:60]) + f"{mark}.docx"
    label = highest_label(["2", *(source.label for source in kept.excerpts)])
    return await context.attach(name, content, label=label)
