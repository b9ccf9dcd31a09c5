"""Who may run what, and which data may go where.

The answer is no unless a rule says yes, and a failure to find out is also no.
"""

from __future__ import annotations

from typing import Literal

from bot.contract import Skill
from bot.errors import Refused
from bot.messages import UNKNOWN_LABEL, Actor, Visibility, label_rank
from bot.ports import Member, Workspace, Zone

Decision = Literal["allow", "mask", "refuse"]

# Rows: label of the data. Columns: zone of the model. The sources are the municipal guidelines
# that forbid 機密性2 and above outside the office's own network, and anything personal at all:
# what may leave the process is therefore masked first, and 3A goes to no model.
MATRIX: dict[str, dict[Zone, Decision]] = {
    "1": {"local": "allow", "lgwan": "allow", "cloud": "allow"},
    "2": {"local": "allow", "lgwan": "allow", "cloud": "mask"},
    "3C": {"local": "allow", "lgwan": "mask", "cloud": "refuse"},
    "3B": {"local": "mask", "lgwan": "mask", "cloud": "refuse"},
    "3A": {"local": "refuse", "lgwan": "refuse", "cloud": "refuse"},
}

# What may be shown where others read along. A private message is limited by clearance alone.
CEILINGS: dict[Visibility, str] = {"public": "2", "private": "3C", "direct": "3A"}

# A question is typed by staff about their work and has no label of its own: not public.
LABEL_OF_QUESTIONS = "2"


def decide(label: str, zone: Zone) -> Decision:
    """Whether text of this label may go to a model in this zone: as it is, masked, or not."""
    known = label if label in MATRIX else UNKNOWN_LABEL
    return MATRIX[known].get(zone, "refuse")


def fits(label: str, visibility: Visibility) -> bool:
    """Whether an answer of this label may be shown to everyone who reads the place."""
    return label_rank(label) <= label_rank(CEILINGS.get(visibility, "1"))


def admit(workspace: Workspace, member: Member, actor: Actor) -> None:
    """Let a person in, or raise Refused with the reason and the next step."""
    if workspace.paused:
        raise Refused("paused", remedy="管理者が利用を止めています。再開までお待ちください。")
    if actor.is_guest:
        raise Refused(
            "guest", remedy="外部の方（ゲスト）は利用できません。職員の方にご依頼ください。"
        )
    match member.state:
        case "active":
            return
        case "applied":
            remedy = "利用申請を受け付けています。研修を受けると使えるようになります。"
        case "trained":
            remedy = "研修は修了しています。管理者が利用を開始するまでお待ちください。"
        case _:
            remedy = "利用が停止されています。所属の管理者にお問い合わせください。"
    raise Refused(f"member {member.state}", remedy=remedy)


def allow(workspace: Workspace, skill: Skill) -> None:
    """Let a skill run in a workspace, or raise Refused."""
    if skill.risk == "red":
        raise Refused("risk red", remedy="この機能は利用が禁止されています。")
    if workspace.skills and skill.name not in workspace.skills:
        raise Refused(
            "skill not allowed",
            remedy=f"「{skill.title}」はこのワークスペースでは使えません。"
            "必要なときは管理者に相談してください。",
        )
