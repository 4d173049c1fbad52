"""What the team notes of a person: their name, and details by name.

A contact's details are one JSON object, changed by one statement under the row's lock: two who
change different details at once never undo one another, and of the same detail the last word
counts.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from messaging import merging, timeline
from messaging.models import Contact
from messaging.sql import as_json, execute

if TYPE_CHECKING:
    from messaging.models import Conversation

MOST_DETAILS = 50
LONGEST_NAME = 60
LONGEST_VALUE = 500


class TooMany(ValueError):
    """A person has at most MOST_DETAILS details."""


@dataclass(eq=False)
class Exists(ValueError):
    """A new detail would take the place of another one of the same name."""

    name: str


def describe(
    contact_id: int,
    given: Mapping[str, str],
    *,
    without: Collection[str] = (),
    fresh: Collection[str] = (),
) -> dict[str, str]:
    """Set the details `given` and drop those in `without`; all the details there are then.

    Names in `fresh` must be new. Raises Exists or TooMany; then nothing was changed. In the
    caller's transaction, which holds the contact's row from here on.
    """
    rows = execute(
        DESCRIBE,
        {
            "contact": contact_id,
            "given": as_json([given])[1:-1],
            "without": list(without),
            "fresh": list(fresh),
            "most": MOST_DETAILS,
            "added": list(given),
        },
    )
    if rows:
        return dict(rows[0][0])
    contact = Contact.objects.get(pk=contact_id)
    if contact.merged_into_id is not None:  # since the caller looked
        return describe(contact.merged_into_id, given, without=without, fresh=fresh)
    for name in fresh:
        if name in contact.attributes:
            raise Exists(name)
    raise TooMany


def rename(contact_id: int, name: str) -> dict[int, Conversation]:
    """Call a person by another name, in the caller's transaction.

    Returns their locked conversations, whose rows in lists show it; the caller publishes them.
    """
    family = merging.lock_family(contact_id)
    Contact.objects.filter(pk__in=family, merged_into=None).update(name=name)
    return timeline.lock(merging.touched_conversations([contact_id]))


# Somebody at the limit (a merge may bring them above it) still changes what is there.
DESCRIBE = """
UPDATE messaging_contact
SET attributes = (attributes - %(without)s::text[]) || %(given)s::text::jsonb
WHERE id = %(contact)s AND merged_into_id IS NULL
  AND NOT attributes ?| %(fresh)s::text[]
  AND ((attributes - %(without)s::text[]) ?& %(added)s::text[] OR (
    SELECT count(*) FROM jsonb_object_keys(
      (attributes - %(without)s::text[]) || %(given)s::text::jsonb
    )
  ) <= GREATEST(%(most)s, (SELECT count(*) FROM jsonb_object_keys(attributes))))
RETURNING attributes
"""
