"""The audit tables for queries that want columns, never whole rows as objects."""

from __future__ import annotations

from sqlmodel import SQLModel

from bot.services import tables

_TABLES = SQLModel.metadata.tables

EVENT = _TABLES[str(tables.AuditRow.__tablename__)]
BODY = _TABLES[str(tables.AuditBodyRow.__tablename__)]
FILE = _TABLES[str(tables.FileRow.__tablename__)]
SUBJECT_KEY = _TABLES[str(tables.SubjectKeyRow.__tablename__)]
TILE = _TABLES[str(tables.AuditTileRow.__tablename__)]
CHECKPOINT = _TABLES[str(tables.CheckpointRow.__tablename__)]
