"""Checking a file somebody hands over: findings with place, reason and fix, and a corrected copy.

The copy is another file. Whether a fix is right is for a person to say, so nothing is changed in
place.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Sequence
from hashlib import sha256
from pathlib import PurePath

from bot import Attachment, BadInput, Context, File, Message, Reply
from skills.draft.checks import Finding, apply, check, load_rules
from skills.draft.checks.copied import copied
from skills.draft.checks.finding import unified

# What the command line puts into the values of its message.
STEP = "check"
WORDS = (
    "点検して",
    "点検を",
    "校正して",
    "校正を",
    "文書の点検",
    "誤字",
    "表記をチェック",
    "チェックして",
)
SHOWN = 30
# 8 seconds of work; what is longer is not one document.
LONGEST = 1_000_000
LONGEST_SHOWN = 24
AROUND = 8
EDITABLE = (".txt", ".md", ".markdown")
NOTICE = (
    "規則による点検です。誤りのすべてを見つけるものではありません。"
    "直すかどうかは人が決めてください。"
)
HOW = (
    "点検したい文書（Word・テキスト・Markdown）を添付して「点検して」と書いてください。"
    "参考にした外の文書も一緒に添付すると（2つ目から）、写したところがないかも見ます。"
)


def is_meant(message: Message) -> bool:
    """Whether a message asks for a check: the command, or its words."""
    asked = message.kind != "button" and any(words in message.text for words in WORDS)
    return message.values.get("step") == STEP or asked


async def answer(message: Message, context: Context) -> Reply:
    """Check the first attached file by the rules, and hold it against the other ones."""
    if not message.attachments:
        return Reply(HOW, status="help")
    attachment, *others = message.attachments
    rules = load_rules(context.folder)
    text = await _read(context, attachment)
    sources = {other.name: await _read(context, other) for other in others}
    found = await asyncio.to_thread(check, text, rules)
    found += await asyncio.to_thread(copied, text, sources)
    found.sort(key=lambda finding: (finding.line, finding.column))
    files = await _corrected(context, attachment.name, text, found)
    # The digest of what was checked, not its name: a name may say who it is about.
    digest = sha256(text.encode()).hexdigest()
    await context.note("checked", digest, {"findings": len(found)})
    return Reply(
        _as_text(attachment.name, text, found),
        notice=NOTICE,
        summary=f"{attachment.name}：{len(found)}か所",
        files=files,
        data={"findings": [finding.as_data() for finding in found]},
    )


async def _read(context: Context, attachment: Attachment) -> str:
    text = await context.text(attachment)
    if len(text) > LONGEST:
        raise BadInput(
            "too long",
            remedy=f"{LONGEST // 10_000}万字を超える文書は点検できません。分けてください。",
        )
    return text


async def _corrected(
    context: Context, name: str, text: str, found: Sequence[Finding]
) -> tuple[File, ...]:
    """The text with all fixes, beside the original; of Word as plain text."""
    fixed = apply(text, found)
    if fixed == text:
        return ()
    path = PurePath(name)
    ending = path.suffix if path.suffix.lower() in EDITABLE else ".txt"
    return (await context.attach(f"{path.stem}（修正案）{ending}", fixed.encode("utf-8")),)


def _as_text(name: str, text: str, found: Sequence[Finding]) -> str:
    if not found:
        return f"「{name}」に、規則に合わないところは見つかりませんでした。"
    fixable = sum(finding.fix is not None for finding in found)
    rows = unified(text).split("\n")
    lines = [
        f"「{name}」に{len(found)}か所見つかりました（直し方の案があるもの {fixable}か所）。",
        "",
    ]
    lines += [_row(finding, rows[finding.line - 1]) for finding in found[:SHOWN]]
    if len(found) > SHOWN:
        rest = Counter(finding.rule for finding in found[SHOWN:])
        lines.append(f"ほかに{sum(rest.values())}か所あります。")
    return "\n".join(lines)


def _row(finding: Finding, line: str) -> str:
    """Where it stands, among the words around it, and what to write instead."""
    start = finding.column - 1
    end = start + min(len(finding.text), LONGEST_SHOWN)
    before, after = line[max(0, start - AROUND) : start], line[end : end + AROUND]
    change = "" if finding.fix is None else f" → {finding.fix or '（削除）'}"
    words = f"{before.lstrip()}**{line[start:end]}**{after.rstrip()}"
    return f"- {finding.line}行{finding.column}字　{words}{change}　{finding.message}"
