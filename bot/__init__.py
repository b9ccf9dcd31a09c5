"""Shomu: what the author of a skill imports, and nothing else."""

from bot.answering import answer_from
from bot.contract import Context, Skill, skill
from bot.errors import BadInput, ModelFailed, NoModel, Refused, ShomuError, Stopped
from bot.masking import MaskedAll, mask_all, restore
from bot.messages import (
    Action,
    Actor,
    Attachment,
    Card,
    Field,
    File,
    Form,
    Message,
    Place,
    Reply,
    Said,
    Source,
)
from bot.ports import Completion, Passage
from bot.sheets import BOM, Sheet, safe_cell

__all__ = [
    "BOM",
    "Action",
    "Actor",
    "Attachment",
    "BadInput",
    "Card",
    "Completion",
    "Context",
    "Field",
    "File",
    "Form",
    "MaskedAll",
    "Message",
    "ModelFailed",
    "NoModel",
    "Passage",
    "Place",
    "Refused",
    "Reply",
    "Said",
    "Sheet",
    "ShomuError",
    "Skill",
    "Source",
    "Stopped",
    "answer_from",
    "mask_all",
    "restore",
    "safe_cell",
    "skill",
]
