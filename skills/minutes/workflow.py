"""How the workspace wants minutes to be approved: `flow.yaml` among its own files."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path
from typing import Any

import yaml

from bot import BadInput

FILE = "flow.yaml"
KEYS = ("approvals", "delete_transcript")
STEP_KEYS = ("step", "by")
LARGEST_BYTES = 64 * 1024


@dataclass(frozen=True, slots=True)
class Step:
    """One approval: what it is called, and the ids of those who may give it; empty for anyone."""

    name: str
    by: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Rules:
    """`steps` come one after the other, each by another person when there is a flow.yaml."""

    steps: tuple[Step, ...] = (Step("承認"),)
    needs_others: bool = False
    delete_transcript: bool = False

    def step_after(self, approvals: int) -> Step:
        """The step that comes after so many; the last one when the office has made them fewer."""
        return self.steps[min(approvals, len(self.steps) - 1)]


def load(folder: Path) -> Rules:
    """The workspace's rules, or the usual ones. Raises BadInput with every mistake at once."""
    path = folder / FILE
    if not path.is_file():
        return Rules()
    try:
        if path.stat().st_size > LARGEST_BYTES:
            raise _wrong(["大きすぎます（64KBまで）。"])
        values = yaml.safe_load(path.read_text(encoding="utf-8-sig")) or {}
    except (UnicodeDecodeError, yaml.YAMLError) as error:
        raise _wrong(
            ["書き方が違います。「:」の後ろの空白と字下げを確かめ、UTF-8 で保存してください。"]
        ) from error
    if not isinstance(values, dict):
        raise _wrong(["「approvals: 係長、課長」の形で書いてください。"])
    if mistakes := list(_mistakes(values)):
        raise _wrong(mistakes)
    steps = tuple(_steps(values.get("approvals")))
    return Rules(
        steps=steps or Rules().steps,
        needs_others=bool(steps),
        delete_transcript=values.get("delete_transcript", False),
    )


def _mistakes(values: Mapping[Any, Any]) -> Iterator[str]:
    yield from _unknown(values, KEYS)
    if not isinstance(values.get("delete_transcript", False), bool):
        yield "delete_transcript は true か false にしてください。"
    approvals = values.get("approvals")
    if approvals is not None and not isinstance(approvals, str | list):
        yield "approvals は「係長、課長」のように、順番に書いてください。"
        return
    for each in approvals if isinstance(approvals, list) else ():
        if isinstance(each, dict):
            yield from _unknown(each, STEP_KEYS)
            if not isinstance(each.get("step"), str):
                yield "approvals の段階に step（名前）がありません。"
            if not isinstance(each.get("by", []), str | list):
                yield "by には、利用者の番号（U0123 など）を並べてください。"
        elif not isinstance(each, str):
            yield f"approvals の「{each}」は、段階の名前にしてください。"


def _unknown(values: Mapping[Any, Any], known: tuple[str, ...]) -> Iterator[str]:
    for key in values:
        if key not in known:
            near = get_close_matches(str(key), known, 1, 0.5)
            hint = (
                f"「{near[0]}」のことですか。" if near else f"使えるのは {'・'.join(known)} です。"
            )
            yield f"「{key}」というキーはありません。{hint}"


def _steps(given: Any) -> Iterator[Step]:
    names = given.replace(",", "、").split("、") if isinstance(given, str) else given or ()
    for each in names:
        if isinstance(each, dict):
            by = each.get("by", [])
            people = by.replace(",", "、").split("、") if isinstance(by, str) else by
            yield Step(each["step"].strip(), tuple(str(one).strip() for one in people))
        elif each.strip():
            yield Step(each.strip())


def _wrong(mistakes: list[str]) -> BadInput:
    return BadInput(
        "flow.yaml",
        remedy=f"{FILE} にまちがいがあります。直してから、もう一度お試しください。\n"
        + "\n".join(f"- {mistake}" for mistake in mistakes),
    )
