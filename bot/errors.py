"""Every error we raise, on one screen.

Each class is something a caller acts on differently. `code` is what logs, metrics and the audit
record hold; `remedy` is the next step, in the words of the person who can take it. What a chat
user reads is the remedy and a reference number, never the text of an exception.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any


class ShomuError(Exception):
    """Anything we know how to explain."""

    code = "error"
    remedy = "管理者に受付番号をお知らせください。"

    def __init__(self, message: str, *, remedy: str = "") -> None:
        super().__init__(message)
        if remedy:
            self.remedy = remedy

    def __reduce__(self) -> tuple[Any, ...]:
        # Not by calling the class again: each takes other arguments than the text it ends with.
        return _restored, (type(self), self.args, self.__dict__)


def _restored(kind: type[ShomuError], args: tuple[Any, ...], about: dict[str, Any]) -> ShomuError:
    """The error that another process raised."""
    error = kind.__new__(kind)
    error.args = args
    error.__dict__.update(about)
    return error


class Misconfigured(ShomuError):
    """Mistakes in settings, skills or prompts; all of them at once, found at start."""

    code = "misconfigured"
    remedy = "表示された項目を直してから、もう一度起動してください。"

    def __init__(self, mistakes: Sequence[str], *, remedy: str = "") -> None:
        super().__init__("\n".join(f"- {mistake}" for mistake in mistakes), remedy=remedy)
        self.mistakes = tuple(mistakes)


class Refused(ShomuError):
    """The policy says no. The person is told why and what to do; the refusal is audited."""

    code = "refused"


class BadInput(ShomuError):
    """The person's words, file or choice cannot be used as they are."""

    code = "bad_input"


class UnreadableDocument(BadInput):
    """One document cannot be read; the others are."""

    code = "unreadable_document"
    remedy = "別の形式で保存し直すか、元のファイルを確認してください。"


class UnknownWorkspace(BadInput):
    """No workspace of that name, or none for this channel."""

    code = "unknown_workspace"


class Unavailable(ShomuError):
    """Something outside does not answer; a later attempt may."""

    code = "unavailable"
    remedy = "しばらくしてからもう一度お試しください。"


class NoModel(Unavailable):
    """No model is configured, or policy keeps this text from it: answer offline."""

    code = "no_model"


class ModelFailed(Unavailable):
    """The model timed out, refused, was cut off or sent garbage: answer offline and say so."""

    code = "model_failed"


class Withdrawn(ShomuError):
    """The message was deleted before it was answered; there is nothing left to say."""

    code = "withdrawn"


class Stopped(ShomuError):
    """The person who asked has stopped the work; it ends here, and nothing is answered."""

    code = "stopped"
    remedy = "もう一度行うときは、はじめから依頼してください。"


class Tampered(ShomuError):
    """The audit record does not verify."""

    code = "tampered"
    remedy = "記録を保全し、外部に保管した検証点と照合してください。"
