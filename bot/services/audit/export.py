"""Hands audit events out as files: JSON lines with proofs, or CSV for a spreadsheet.

Taking the record out is itself an event, written before the first line leaves.
"""

from __future__ import annotations

import csv
import io
import json
from collections.abc import AsyncIterator
from typing import Any, Literal

from bot.errors import BadInput
from bot.ports import AuditEvent, Role
from bot.services.audit.record import SqlAudit
from bot.services.audit.search import Filter
from bot.sheets import BOM, safe_cell

Format = Literal["jsonl", "csv"]

COLUMNS: tuple[tuple[str, str], ...] = (
    ("id", "記録ID"),
    ("turn", "受付番号"),
    ("occurred", "発生日時（UTC）"),
    ("recorded", "記録日時（UTC）"),
    ("workspace", "ワークスペース"),
    ("platform", "入口"),
    ("actor", "利用者"),
    ("actor_role", "役割"),
    ("action", "操作"),
    ("target", "対象"),
    ("outcome", "結果"),
    ("reason", "理由"),
    ("skill", "スキル"),
    ("skill_version", "スキルの版"),
    ("prompts", "プロンプト"),
    ("engine", "エンジン"),
    ("tokens_in", "入力トークン"),
    ("tokens_out", "出力トークン"),
    ("cost_yen", "費用（円）"),
    ("latency_ms", "所要（ミリ秒）"),
    ("sources", "出典"),
    ("policy", "データの扱い"),
    ("reviewer", "確認者"),
    ("details", "その他"),
    ("leaf_index", "封印番号"),
)


async def export(
    audit: SqlAudit,
    wanted: Filter,
    kind: Format,
    *,
    actor: str,
    role: Role,
    platform: str = "",
    everywhere: bool = False,
) -> AsyncIterator[str]:
    """Yield the file piece by piece: every event found that is sealed by now, oldest first.

    A line of "jsonl" is a proof that `verify_proof` checks by itself. "csv" has a byte order mark
    and no cell that a spreadsheet would run. Raises Refused like `SqlAudit.search`.
    """
    if kind not in ("jsonl", "csv"):
        raise BadInput(f"no export format {kind}", remedy="形式は jsonl か csv です。")
    found = await audit.search(wanted, role=role, everywhere=everywhere, size=1)
    await audit.record(
        AuditEvent(
            action="admin.export",
            workspace=wanted.workspace,
            platform=platform,
            actor=actor,
            actor_role=role,
            target=f"audit.{kind}",
            details={"filter": wanted.describe(), "format": kind, "events": found.total},
        )
    )
    if kind == "csv":
        yield BOM + _row([title for _, title in COLUMNS])
    async for proof in audit.sealed_events(wanted, role=role, everywhere=everywhere):
        if kind == "jsonl":
            yield json.dumps(proof, ensure_ascii=False, sort_keys=True) + "\n"
        else:
            event = proof["events"][0]
            fields = {**json.loads(event["canonical"]), "leaf_index": event["leaf_index"]}
            yield _row([_cell(fields.get(name, "")) for name, _ in COLUMNS])


def _cell(value: Any) -> str:
    if value in ([], {}, None):
        return ""
    if isinstance(value, (list, dict)):
        return json.dumps(value, ensure_ascii=False, sort_keys=True)
    return str(value)


def _row(cells: list[str]) -> str:
    line = io.StringIO()
    csv.writer(line, quoting=csv.QUOTE_ALL).writerow([safe_cell(cell) for cell in cells])
    return line.getvalue()
