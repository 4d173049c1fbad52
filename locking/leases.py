"""Acquire, renew, release, take over and verify leases; one statement each.

Expiry is judged by the database clock at the start of the statement, so that machines agree.
A statement that fails still returns the row as it stands, after waiting for whoever was faster:
the answer "held by" is never older than the refusal.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.db import connection

from locking.errors import LeaseHeld, LeaseLost
from locking.models import Lease

if TYPE_CHECKING:
    from django.contrib.auth.base_user import AbstractBaseUser


@dataclass(frozen=True, slots=True)
class TakenOver:
    """The new lease, and the id of the user who held it until now, if anybody else did."""

    lease: Lease
    former_holder_id: int | None


def acquire(resource: str, *, holder: AbstractBaseUser, ttl: timedelta | None = None) -> Lease:
    """Take the lease on `resource`, or renew it if `holder` has it already.

    One statement, so two callers cannot both succeed. The token grows whenever the holder
    changes. `ttl` is LEASE_SECONDS unless given. Raises LeaseHeld (who, until when).
    """
    [row] = _rows(ACQUIRE, resource=resource, holder=holder.pk, ttl=_ttl(ttl))
    lease = _lease(row)
    if lease.holder_id != holder.pk:
        raise LeaseHeld(lease.holder, lease.expires_at)
    return lease


def renew(
    resource: str, *, holder: AbstractBaseUser, token: int, ttl: timedelta | None = None
) -> Lease:
    """Hold on to the lease that `acquire` gave under `token`.

    A heartbeat that comes late still renews if nobody took the lease meanwhile. Raises
    LeaseLost (to whom, until when; nobody where it was released or purged).
    """
    rows = _rows(RENEW, resource=resource, holder=holder.pk, token=token, ttl=_ttl(ttl))
    if not rows:
        raise LeaseLost
    *values, is_live = rows[0]
    lease = _lease(values)
    if (lease.holder_id, lease.token) != (holder.pk, token):
        raise LeaseLost(lease.holder, lease.expires_at) if is_live else LeaseLost
    return lease


def release(resource: str, *, holder: AbstractBaseUser, token: int) -> bool:
    """Give the lease back; False if it was not `holder`'s under `token` any more."""
    return bool(_rows(RELEASE, resource=resource, holder=holder.pk, token=token))


def take_over(
    resource: str, *, holder: AbstractBaseUser, ttl: timedelta | None = None
) -> TakenOver:
    """Take the lease whoever holds it; the caller tells the former holder."""
    [row] = _rows(TAKE_OVER, resource=resource, holder=holder.pk, ttl=_ttl(ttl))
    *values, former_holder_id = row
    return TakenOver(_lease(values), former_holder_id)


def verify(resource: str, *, holder: AbstractBaseUser, token: int) -> Lease:
    """The lease, if it is still `holder`'s under `token`. Raises LeaseLost."""
    lease = holder_of(resource)
    if lease is None:
        raise LeaseLost
    if (lease.holder_id, lease.token) != (holder.pk, token):
        raise LeaseLost(lease.holder, lease.expires_at)
    return lease


def holder_of(resource: str) -> Lease | None:
    """The lease in force on `resource`, with its holder; None if nobody has one."""
    return Lease.objects.live().select_related("holder").filter(resource=resource).first()


def hold_still(resource: str) -> Lease | None:
    """`holder_of`, and until the caller's transaction ends nobody takes the lease from them.

    A lease that nobody ever took has no row to hold: who takes it meanwhile is new here.
    """
    # Without a join: after a wait for a hand-over the holder's row has to be the new one.
    row = Lease.objects.select_for_update().filter(resource=resource).first()
    return holder_of(resource) if row is not None else None


def _ttl(ttl: timedelta | None) -> timedelta:
    return timedelta(seconds=settings.LEASE_SECONDS) if ttl is None else ttl


def _lease(row: Any) -> Lease:  # a row of driver values, typed by the columns
    pk, resource, holder_id, token, expires_at = row
    return Lease(pk=pk, resource=resource, holder_id=holder_id, token=token, expires_at=expires_at)


def _rows(sql: str, **params: Any) -> list[tuple[Any, ...]]:  # values as the driver has them
    with connection.cursor() as cursor:
        cursor.execute(sql, params)
        rows: list[tuple[Any, ...]] = cursor.fetchall()
    return rows


# A refused caller writes the row as it is: the price of an answer that is never stale.
ACQUIRE = """
INSERT INTO locking_lease AS lease (resource, holder_id, token, expires_at)
VALUES (
  %(resource)s, %(holder)s, nextval('locking_lease_token'), statement_timestamp() + %(ttl)s
)
ON CONFLICT (resource) DO UPDATE SET
  token = CASE
    WHEN lease.holder_id = excluded.holder_id THEN lease.token
    WHEN lease.expires_at <= statement_timestamp() THEN excluded.token
    ELSE lease.token END,
  holder_id = CASE
    WHEN lease.expires_at <= statement_timestamp() THEN excluded.holder_id
    ELSE lease.holder_id END,
  expires_at = CASE
    WHEN lease.holder_id = excluded.holder_id OR lease.expires_at <= statement_timestamp()
      THEN excluded.expires_at
    ELSE lease.expires_at END
RETURNING id, resource, holder_id, token, expires_at
"""

RENEW = """
UPDATE locking_lease SET expires_at = CASE
  WHEN holder_id = %(holder)s AND token = %(token)s THEN statement_timestamp() + %(ttl)s
  ELSE expires_at END
WHERE resource = %(resource)s
RETURNING id, resource, holder_id, token, expires_at, expires_at > statement_timestamp()
"""

RELEASE = """
DELETE FROM locking_lease
WHERE resource = %(resource)s AND holder_id = %(holder)s AND token = %(token)s
RETURNING id
"""

# The row is locked before the insert reads it, so the former holder is the one it replaces.
TAKE_OVER = """
WITH former AS (
  SELECT holder_id, expires_at FROM locking_lease WHERE resource = %(resource)s FOR UPDATE
)
INSERT INTO locking_lease AS lease (resource, holder_id, token, expires_at)
SELECT %(resource)s, %(holder)s, nextval('locking_lease_token'), statement_timestamp() + %(ttl)s
FROM (SELECT count(*) FROM former) AS locked
ON CONFLICT (resource) DO UPDATE SET
  token = CASE
    WHEN lease.holder_id = excluded.holder_id THEN lease.token ELSE excluded.token END,
  holder_id = excluded.holder_id,
  expires_at = excluded.expires_at
RETURNING id, resource, holder_id, token, expires_at, (
  SELECT holder_id FROM former
  WHERE holder_id <> %(holder)s AND expires_at > statement_timestamp()
)
"""
