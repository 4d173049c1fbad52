"""Set-based SQL on Django's own connection and transaction.

Parameters are bound by the server, so arrays and bytes travel as they are instead of as quoted
text; one statement for a whole batch is what makes ingest fast.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

import msgspec
import psycopg
from django.core.serializers.json import DjangoJSONEncoder
from django.db import connection


def execute(sql: str, params: Sequence[Any] | Mapping[str, Any] = ()) -> list[tuple[Any, ...]]:
    """Run one statement; its rows, or an empty list where it returns none.

    Raises Django's database errors. Rows travel in binary form: bodies and times cost least so.
    """
    connection.ensure_connection()
    with connection.wrap_database_errors, psycopg.Cursor(connection.connection) as cursor:
        cursor.execute(sql.encode(), params or None, binary=True)
        return cursor.fetchall() if cursor.description else []


def as_json(rows: Sequence[Mapping[str, Any]]) -> str:
    """Rows for `jsonb_to_recordset`; numbers too large for the fast encoder take the slow one."""
    try:
        return msgspec.json.encode(rows).decode()
    except (OverflowError, RecursionError, UnicodeEncodeError):
        return json.dumps(rows, cls=DjangoJSONEncoder)
