"""The body of a document by a model: every sentence held against what it cites.

The model sees two things only: what the person gave, as passage 〔1〕, and the excerpts found. What
it writes beside them is marked, and when nothing it wrote has a basis its text is not used.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from bot import Context, ModelFailed, NoModel, Passage, evidence
from skills.draft import finding
from skills.draft.kinds import Kind

GIVEN_TITLE = "入力された内容"
# What a person types into a question may be shown to a model: the label of questions.
GIVEN_LABEL = "2"
FAILED = "AIの応答が得られなかったため、ひな形と入力だけで作りました。"
NOTHING_SUPPORTED = "AIの文章に根拠を確認できなかったため、ひな形と入力だけで作りました。"
REFUSALS = {
    "policy": "機密性の定めによりAIは使わず、ひな形と入力だけで作りました。",
    "budget": "今月のAI利用枠を使い切ったため、ひな形と入力だけで作りました。",
}
CUT = "AIの文章は、長さの上限で途中までになっています。"


@dataclass(frozen=True, slots=True)
class Prose:
    """What a model wrote; empty when it wrote nothing that can be used, and `notice` says why.

    `unsupported` counts the sentences marked as without a basis.
    """

    text: str = ""
    engine: str = "offline"
    notice: str = ""
    unsupported: int = 0


def given(kind: Kind, values: dict[str, str]) -> Passage:
    """What the person gave, as the passage that sentences may cite."""
    lines = [f"{slot.name}：{values[slot.name]}" for slot in kind.slots if values.get(slot.name)]
    return Passage(finding.GIVEN, GIVEN_TITLE, "", "\n".join(lines), label=GIVEN_LABEL)


async def write(
    context: Context,
    kind: Kind,
    passages: Sequence[Passage],
    *,
    request: str = "",
    draft: str = "",
) -> Prose:
    """Let a model write the body from passages, the first of which is what was given.

    `draft` and `request` ask for another wording of what is there already.
    """
    if not kind.body:
        return Prose()
    inputs = {"kind": kind.title, "rules": kind.prompt, "request": request, "draft": draft}
    try:
        completion = await context.complete("write", inputs, passages=passages, max_tokens=1_500)
    except NoModel as refusal:
        return Prose(notice=REFUSALS.get(str(refusal), ""))
    except ModelFailed:
        return Prose(notice=FAILED)
    checked = evidence.check(completion.text.strip(), passages)
    if checked.nothing_supported:
        return Prose(notice=NOTHING_SUPPORTED)
    notice = CUT if completion.cut else ""
    return Prose(checked.text, completion.engine, notice, len(checked.unsupported))
