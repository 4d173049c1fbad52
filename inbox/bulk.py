"""One act on all that a list holds, however many pages it has."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.utils.translation import gettext as _

from inbox import listing, triage
from inbox.refusals import Invalid

if TYPE_CHECKING:
    from collections.abc import Mapping

    from inbox.filters import Filters
    from messaging.models import Membership

MOST = 10_000
BATCH = triage.MOST


@dataclass(frozen=True, slots=True, kw_only=True)
class Slice:
    """How far one batch came: how many it looked at and changed, and the id to go on after."""

    seen: int
    changed: int
    after: int | None


def count(membership: Membership, filters: Filters) -> int:
    """How many conversations a list holds, counted up to one more than MOST."""
    rows = listing.chosen(membership, filters)
    return listing.counted({"all": rows}, most=MOST)["all"]


def batch(
    membership: Membership,
    filters: Filters,
    action: str,
    params: Mapping[str, str],
    *,
    after: int = 0,
) -> Slice:
    """Do it to the next BATCH conversations of a list, by id. Raises what `triage.perform` does.

    By id and not in the list's own order: the act itself may move conversations, or take them
    out of the list, and none may be met twice or passed over.
    """
    rows = listing.chosen(membership, filters).filter(pk__gt=after).order_by("pk")
    ids = list(rows.values_list("pk", flat=True)[:BATCH])
    if not ids:
        return Slice(seen=0, changed=0, after=None)
    performed = triage.perform(membership, action, ids, params)
    more = ids[-1] if len(ids) == BATCH else None
    return Slice(seen=len(ids), changed=len(performed.changed), after=more)


def everything(
    membership: Membership, filters: Filters, action: str, params: Mapping[str, str]
) -> int:
    """Do it to all of a list, batch after batch; how many it changed.

    What the first batches did stays where a later one is refused. Raises Invalid where the list
    holds more than MOST; then nothing was done.
    """
    check_size(count(membership, filters))
    changed, after, seen = 0, 0, 0
    while seen < MOST:
        done = batch(membership, filters, action, params, after=after)
        changed += done.changed
        seen += done.seen
        if done.after is None:
            break
        after = done.after
    return changed


def check_size(found: int) -> None:
    """Raise Invalid where it is more than one act may touch."""
    if found > MOST:
        raise Invalid({"filters": [too_many()]})


def too_many() -> str:
    """Why nothing is done, and what to do."""
    most = {"most": MOST}
    return _("At most %(most)d conversations at once. Narrow the list by a filter.") % most
