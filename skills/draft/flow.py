"""From 未確認 to a document that leaves the office: the steps that people confirm, in order.

steps: [担当, 係長, 課長]     flow.yaml of the workspace; one step, 担当, without it
different: true               each step by another person
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from difflib import get_close_matches
from pathlib import Path

import yaml

from bot import BadInput
from bot.evidence import UNSUPPORTED
from skills.draft.versions import Confirmation, Kept

FILE = "flow.yaml"
KEYS = ("steps", "different")
UNCONFIRMED, CONFIRMED = "未確認", "確認済み"
DONE, NOT_YET = "確認した", "まだ確かめていない"
CHECKLIST: Mapping[str, str] = {
    "正確性": "事実、数字、日付、名前、根拠に誤りがない",
    "権利": "ほかの人の文章や写真を、無断で使っていない",
    "個人情報": "書く必要のない個人情報や、公表していない情報がない",
    "表現": "差別的な表現や誤解を招く表現がなく、読み手に伝わる",
}


@dataclass(frozen=True, slots=True)
class Flow:
    """The steps of a workspace, first to last; `different` asks another person for each."""

    steps: tuple[str, ...] = ("担当",)
    different: bool = False

    def next_step(self, kept: Kept) -> str:
        """The step that is to be confirmed; empty when all are."""
        done = len([item for item in kept.confirmed if item.digest == kept.latest.digest])
        return self.steps[done] if done < len(self.steps) else ""

    def status(self, kept: Kept) -> str:
        """Where a draft stands, in words people know."""
        step = self.next_step(kept)
        if not step:
            return CONFIRMED
        return f"{kept.confirmed[-1].step}まで確認済み" if kept.confirmed else UNCONFIRMED


def load(own: Path) -> Flow:
    """Read the workspace's flow. Raises BadInput with every mistake in it."""
    path = own / FILE
    if not path.exists():
        return Flow()
    try:
        values = yaml.safe_load(path.read_text(encoding="utf-8")) or {}
    except (UnicodeDecodeError, yaml.YAMLError):
        values = None
    if not isinstance(values, dict):
        raise BadInput(
            "flow.yaml", remedy=f"{FILE} は「steps: [担当, 係長]」の形で書いてください。"
        )
    mistakes = []
    for key in values:
        if key not in KEYS:
            near = get_close_matches(str(key), KEYS, n=1)
            hint = (
                f"「{near[0]}」のことですか。" if near else f"使えるキーは {'、'.join(KEYS)} です。"
            )
            mistakes.append(f"「{key}」というキーはありません。{hint}")
    steps, different = values.get("steps", ["担当"]), values.get("different", False)
    if not isinstance(steps, list) or not steps or not all(isinstance(s, str) for s in steps):
        mistakes.append("steps に、確認する人を一つ以上並べてください（例：[担当, 係長]）。")
    if not isinstance(different, bool):
        mistakes.append("different は true か false です。")
    if mistakes:
        raise BadInput("flow.yaml", remedy="\n".join([f"{FILE} を直してください。", *mistakes]))
    return Flow(tuple(steps), different)


def unticked(values: Mapping[str, str]) -> dict[str, str]:
    """The items that are not confirmed, and what to do."""
    return {
        name: f"確かめてから「{DONE}」を選んでください。直すときは「書き直す」です。"
        for name in CHECKLIST
        if values.get(name) != DONE
    }


def confirm(kept: Kept, flow: Flow, by: str, at: datetime) -> tuple[Kept, str]:
    """The draft with its next step confirmed, and that step.

    Raises BadInput when nothing is left to confirm, a sentence has no basis, or somebody else has
    to do it.
    """
    step = flow.next_step(kept)
    if not step:
        raise BadInput("confirmed", remedy="この文書は、もう確認済みです。")
    if UNSUPPORTED in kept.latest.text:
        raise BadInput(
            "unsupported",
            remedy=f"{UNSUPPORTED}と付いた文が残っています。「書き直す」で直すか消してから、"
            "確認してください。",
        )
    if flow.different and by in {item.by for item in kept.confirmed}:
        raise BadInput("same person", remedy=f"「{step}」は、これまでと別の人が確認してください。")
    done = Confirmation(step, by, kept.latest.digest, at.isoformat())
    return replace(kept, confirmed=(*kept.confirmed, done)), step
