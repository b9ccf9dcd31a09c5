"""What a check finds: a place, a reason and, where it is sure, the words to put there instead."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Literal

Severity = Literal["error", "warning", "note"]


@dataclass(frozen=True, slots=True)
class Finding:
    """One place that breaks a rule. `line` and `column` count from 1, in characters.

    `text` is what stands there and never crosses a line; `fix` is what to write instead, or None
    when a person has to decide. An empty `fix` takes the text out.
    """

    line: int
    column: int
    rule: str
    text: str
    message: str
    fix: str | None = None
    severity: Severity = "warning"

    def as_data(self) -> dict[str, Any]:
        """The finding as JSON values, as `shomu check --json` prints it."""
        return {
            "line": self.line,
            "column": self.column,
            "rule": self.rule,
            "text": self.text,
            "message": self.message,
            "fix": self.fix,
        }


def from_data(value: Mapping[str, Any]) -> Finding:
    """Read what `as_data` wrote."""
    return Finding(**{key: value[key] for key in ("line", "column", "rule", "text", "message")},
                   fix=value["fix"])  # fmt: skip


def apply(text: str, findings: Iterable[Finding]) -> str:
    """The text with every fix put in; of two that overlap the first is.

    A finding whose words do not stand at its place any more changes nothing: the text was edited
    since. Line ends stay as they are.
    """
    lines = unified(text).split("\n")
    chosen: list[Finding] = []
    for finding in sorted(findings, key=lambda one: (one.line, one.column)):
        row, start = finding.line - 1, finding.column - 1
        if finding.fix is None or not 0 <= row < len(lines):
            continue
        if lines[row][start : start + len(finding.text)] != finding.text:
            continue
        before = chosen[-1] if chosen and chosen[-1].line == finding.line else None
        if before is None or before.column + len(before.text) <= finding.column:
            chosen.append(finding)
    for finding in reversed(chosen):
        row, start = finding.line - 1, finding.column - 1
        end = start + len(finding.text)
        lines[row] = f"{lines[row][:start]}{finding.fix}{lines[row][end:]}"
    joined = "\n".join(lines)
    return joined.replace("\n", "\r\n") if "\r\n" in text else joined


def unified(text: str) -> str:
    """The text with \\n at the end of every line."""
    return text.replace("\r\n", "\n").replace("\r", "\n")
