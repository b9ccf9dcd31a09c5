"""The tables. The database is the truth for what happened; indexes are rebuilt from it.

Every row that belongs to an office carries its workspace, and every query names it.
Times are UTC, written as ISO 8601 text so that SQLite and PostgreSQL order them alike.
"""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, Index, LargeBinary, Text, UniqueConstraint, text
from sqlmodel import Field, SQLModel


class WorkspaceRow(SQLModel, table=True):
    __tablename__ = "workspace"
    name: str = Field(primary_key=True)
    title: str = ""
    zone: str = "local"
    members: str = "open"
    skills: str = ""
    paused: bool = False
    monthly_tokens: int = 0
    daily_turns: int = 0
    created: str


class BindingRow(SQLModel, table=True):
    """Which workspace a team or one of its channels belongs to; channel "" is the whole team."""

    __tablename__ = "binding"
    platform: str = Field(primary_key=True)
    team: str = Field(primary_key=True)
    channel: str = Field(default="", primary_key=True)
    workspace: str = Field(foreign_key="workspace.name")


class MemberRow(SQLModel, table=True):
    __tablename__ = "member"
    workspace: str = Field(primary_key=True, foreign_key="workspace.name")
    platform: str = Field(primary_key=True)
    actor: str = Field(primary_key=True)
    state: str = "active"
    role: str = "staff"
    clearance: str = "2"


class UsageRow(SQLModel, table=True):
    """How much of a limit is taken; reserved before it is spent."""

    __tablename__ = "usage"
    workspace: str = Field(primary_key=True)
    subject: str = Field(primary_key=True)
    period: str = Field(primary_key=True)
    used: int = 0


class ThreadRow(SQLModel, table=True):
    """Threads the bot has answered in: follow-ups there need no mention."""

    __tablename__ = "thread"
    platform: str = Field(primary_key=True)
    team: str = Field(primary_key=True)
    channel: str = Field(primary_key=True)
    thread: str = Field(primary_key=True)
    workspace: str
    skill: str = ""
    joined: str


class InboxRow(SQLModel, table=True):
    """One delivery. `payload` is emptied when it is done; the identity stays to stop replays."""

    __tablename__ = "inbox"
    __table_args__ = (Index("inbox_open", "state", "lease_until"),)
    identity: str = Field(primary_key=True)
    platform: str
    turn: str = Field(unique=True)
    payload: str = Field(sa_column=Column(Text, nullable=False))
    state: str = "waiting"
    attempt: int = 0
    lease_until: float = 0.0
    lease_owner: str = ""
    posted: str = ""
    problem: str = ""
    received: str
    finished: str = ""


class DocumentRow(SQLModel, table=True):
    __tablename__ = "document"
    __table_args__ = (UniqueConstraint("workspace", "collection", "name"),)
    id: str = Field(primary_key=True)
    workspace: str = Field(index=True)
    collection: str
    name: str
    title: str = ""
    digest: str
    label: str
    revised: str = ""
    location: str = ""
    passages: int = 0
    added: str


class PassageRow(SQLModel, table=True):
    """A piece of a document with its stored tokens. `seq` lets an index follow the table.

    `words` and `grams` are space-separated tokens: text is tokenised once, when it is added.
    """

    __tablename__ = "passage"
    id: str = Field(primary_key=True)
    document_id: str = Field(index=True, foreign_key="document.id")
    workspace: str = Field(index=True)
    collection: str
    position: int
    heading: str = Field(sa_column=Column(Text, nullable=False))
    text: str = Field(sa_column=Column(Text, nullable=False))
    page: str = ""
    words: str = Field(sa_column=Column(Text, nullable=False))
    grams: str = Field(sa_column=Column(Text, nullable=False))


class IndexVersionRow(SQLModel, table=True):
    """Changes with every write to a workspace's passages, so that each replica rebuilds."""

    __tablename__ = "index_version"
    workspace: str = Field(primary_key=True)
    version: str


class PromptRow(SQLModel, table=True):
    """The exact words of every prompt that was ever used, by digest."""

    __tablename__ = "prompt"
    digest: str = Field(primary_key=True)
    name: str
    version: str
    text: str = Field(sa_column=Column(Text, nullable=False))
    first_used: str


class RecordRow(SQLModel, table=True):
    """Small JSON values of skills."""

    __tablename__ = "record"
    workspace: str = Field(primary_key=True)
    skill: str = Field(primary_key=True)
    key: str = Field(primary_key=True)
    value: str = Field(sa_column=Column(Text, nullable=False))
    updated: str


class ReminderRow(SQLModel, table=True):
    """What a skill wants to be called for. `content` is the whole `Reminder`, as its own JSON."""

    __tablename__ = "reminder"
    workspace: str = Field(primary_key=True)
    skill: str = Field(primary_key=True)
    key: str = Field(primary_key=True)
    due: str = Field(index=True)
    content: str = Field(sa_column=Column(Text, nullable=False))


class FiringRow(SQLModel, table=True):
    """A schedule's firing, inserted before it runs, so that only one replica runs it."""

    __tablename__ = "firing"
    key: str = Field(primary_key=True)
    started: str
    finished: str = ""
    outcome: str = ""


class AuditRow(SQLModel, table=True):
    """One event. `canonical` is the exact text that was hashed; the other columns are for finding.

    `leaf_index` is empty until the sequencer seals the row into the tree.
    """

    __tablename__ = "audit_event"
    __table_args__ = (
        Index(
            "audit_unsealed",
            "id",
            sqlite_where=text("leaf_index IS NULL"),
            postgresql_where=text("leaf_index IS NULL"),
        ),
        Index("audit_found", "workspace", "occurred"),
    )
    id: str = Field(primary_key=True)
    key: str = Field(unique=True)
    turn: str = Field(default="", index=True)
    workspace: str
    platform: str = ""
    actor: str = ""
    action: str
    target: str = Field(default="", sa_column=Column(Text, nullable=False))
    outcome: str = "ok"
    skill: str = ""
    engine: str = ""
    occurred: str
    canonical: str = Field(sa_column=Column(Text, nullable=False))
    leaf_hash: bytes = Field(sa_column=Column(LargeBinary, nullable=False))
    leaf_index: int | None = Field(default=None, sa_column=Column(BigInteger, unique=True))


class AuditBodyRow(SQLModel, table=True):
    """The words of a question or an answer, encrypted with its subject's key."""

    __tablename__ = "audit_body"
    event_id: str = Field(primary_key=True, foreign_key="audit_event.id")
    subject: str = Field(index=True)
    sealed: bytes = Field(sa_column=Column(LargeBinary, nullable=False))
    expires: str = Field(index=True)


class SubjectKeyRow(SQLModel, table=True):
    """A subject's data key, wrapped by the master key. Deleting it erases the subject's words."""

    __tablename__ = "subject_key"
    subject: str = Field(primary_key=True)
    wrapped: bytes = Field(sa_column=Column(LargeBinary, nullable=False))
    created: str


class FileRow(SQLModel, table=True):
    """A file of a reply; its bytes are encrypted with its subject's key, like the words."""

    __tablename__ = "file"
    id: str = Field(primary_key=True)
    workspace: str
    subject: str = Field(index=True)
    media_type: str
    size: int
    digest: str
    label: str
    created: str
    expires: str = Field(index=True)
    # The name may name a person: it is sealed together with the bytes.
    sealed: bytes = Field(sa_column=Column(LargeBinary, nullable=False))


class AuditTileRow(SQLModel, table=True):
    """Up to 256 hashes of the audit tree, 32 bytes each; level 0 holds the leaves.

    Leaves stay here when the rows they were made from are exported and deleted.
    """

    __tablename__ = "audit_tile"
    level: int = Field(primary_key=True)
    position: int = Field(sa_column=Column(BigInteger, primary_key=True, autoincrement=False))
    hashes: bytes = Field(sa_column=Column(LargeBinary, nullable=False))


class CheckpointRow(SQLModel, table=True):
    """A signed statement of the tree's size and root, in the C2SP checkpoint format."""

    __tablename__ = "audit_checkpoint"
    size: int = Field(sa_column=Column(BigInteger, primary_key=True, autoincrement=False))
    root: bytes = Field(sa_column=Column(LargeBinary, nullable=False))
    note: str = Field(sa_column=Column(Text, nullable=False))
    signed: str


class WebSessionRow(SQLModel, table=True):
    """A signed-in browser. Only the digest of its cookie is kept."""

    __tablename__ = "web_session"
    digest: str = Field(primary_key=True)
    actor: str
    role: str
    csrf: str
    created: float
    seen: float


class LoginLinkRow(SQLModel, table=True):
    """A one-time link to the local pages; the digest of its token."""

    __tablename__ = "login_link"
    digest: str = Field(primary_key=True)
    role: str
    expires: float
    used: bool = False
