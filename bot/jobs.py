"""What the clock starts: nightly verification, the document folder, reminders, forgetting."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path

from bot.adapters.schedule import Job
from bot.app import App
from bot.ports import AuditEvent
from bot.services.firings import Firings

DAY = timedelta(days=1)
KEPT_IDENTITIES = timedelta(days=7)
# Longer than the period of any job: a firing that is forgotten could run again.
KEPT_FIRINGS = timedelta(days=62)


def jobs(app: App) -> Sequence[Job]:
    """The jobs of this installation, in Japanese time."""
    found = [
        Job("verify", "30 2 * * *", DAY, lambda: verify(app)),
        Job("remind", "* * * * *", timedelta(minutes=1), lambda: remind(app)),
        Job("expire", "0 3 * * *", DAY, lambda: expire(app)),
    ]
    if app.settings.sync_folder:
        found.append(Job("sync", "*/15 * * * *", timedelta(minutes=15), lambda: sync(app)))
    return found


async def verify(app: App) -> str:
    """Verify the audit record, against the copy outside when there is one."""
    copy = app.settings.checkpoint_copy
    against = Path(copy).expanduser() if copy else None
    report = await app.audit.verify(against if against and against.exists() else None)
    await app.audit.record(
        AuditEvent(
            action="audit.verify",
            workspace="",
            platform="schedule",
            actor="schedule",
            outcome="ok" if report.ok else "failed",
            details={"events": report.events, "problems": list(report.problems)},
        )
    )
    return "ok" if report.ok else f"{len(report.problems)} problems"


async def expire(app: App) -> str:
    """Erase words and files whose time is over; forget identities no platform redelivers."""
    erased = await app.audit.expire()
    forgotten = await app.inbox.forget(app.clock.now() - KEPT_IDENTITIES)
    await Firings(app.database).forget(app.clock.now() - KEPT_FIRINGS)
    return f"{erased} bodies and files erased, {forgotten} identities forgotten"


async def remind(app: App) -> str:
    """Hand what skills want to be called for now to the workers."""
    return f"{await app.reminders.release(app.clock.now())} reminders due"


async def sync(app: App) -> str:
    """Let the default workspace follow a folder of documents."""
    workspace = await app.workspace_for(app.settings.workspace, make=True)
    report = await app.library.sync(
        Path(app.settings.sync_folder).expanduser(),
        workspace=workspace,
        label=app.settings.sync_label,
        actor="schedule",
    )
    return (
        f"{len(report.added)} added, {len(report.updated)} updated, {len(report.removed)} removed,"
        f" {len(report.failed)} failed"
    )
