"""Sentences with 〔n〕 whose passage does not hold what they state."""

from __future__ import annotations

from collections.abc import Sequence

from bot import Passage, evidence
from skills.draft.checks.document import Document
from skills.draft.checks.finding import Finding

RULE = "evidence"


def unsupported(text: str, passages: Sequence[Passage]) -> list[Finding]:
    """Sentences that cite a passage which does not support them, or none that exists.

    Passage n is the nth. A sentence without 〔n〕 is not looked at: in a letter most have none.
    """
    document = Document.read(text)
    found = []
    for line in document.lines:
        at = 0
        for sentence in evidence.sentences(line.text):
            start, at = at, at + len(sentence)
            if "〔" in sentence and evidence.check(sentence, passages).unsupported:
                found.append(
                    Finding(
                        line=line.number,
                        column=start + 1,
                        rule=RULE,
                        text=sentence,
                        message="示された出典で、この文の内容を確認できません。"
                        "出典を見て、文か番号を直してください。",
                    )
                )
    return found
