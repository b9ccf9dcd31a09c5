"""What one turn used of a model, for its audit record."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from bot.ports import PromptUse


@dataclass(slots=True)
class Ledger:
    """What one turn used: becomes the details of its audit record."""

    model: str = ""
    prompts: list[PromptUse] = field(default_factory=list)
    tokens_in: int = 0
    tokens_out: int = 0
    decision: str = ""
    label: str = ""
    zone: str = ""
    masks: dict[str, int] = field(default_factory=dict)
    model_failures: list[str] = field(default_factory=list)
    can_be_stopped: bool = False

    def add_masks(self, found: Mapping[str, int]) -> None:
        for kind, count in found.items():
            self.masks[kind] = self.masks.get(kind, 0) + count

    def details(self) -> dict[str, Any]:
        """What was asked of a model."""
        return {
            "model": self.model,
            "prompts": [str(use) for use in self.prompts],
            "tokens_in": self.tokens_in,
            "tokens_out": self.tokens_out,
            "model_failures": self.model_failures,
        }

    def policy(self) -> dict[str, Any]:
        """What was decided about the data that went to it."""
        return {
            "model_label": self.label,
            "zone": self.zone,
            "decision": self.decision,
            "masks": self.masks,
        }
