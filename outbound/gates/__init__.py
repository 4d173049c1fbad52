"""Every check that can still stop a message before it leaves; one file for each subject.

A gate looks at a whole batch, with at most a query or two, and names what it stops.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from outbound.gates import blocked, breaker, consent, files, starts, switches, template, window
from outbound.gates.refusal import Refusal
from outbound.places import Place

Gate = Callable[[Sequence[Place]], dict[int, Refusal]]

# The first that stops a message counts, so what a person must mend comes before what mends
# itself.
GATES: tuple[Gate, ...] = (
    blocked.stopped,
    switches.stopped,
    window.stopped,
    files.stopped,
    consent.stopped,
    template.stopped,
    switches.waiting,
    files.waiting,
    breaker.stopped,
    # The last, since it counts whom it lets through.
    starts.waiting,
)


def refusals(places: Sequence[Place]) -> dict[int, Refusal]:
    """What may not leave now, by entry."""
    found: dict[int, Refusal] = {}
    for gate in GATES:
        left = [place for place in places if place.claim.entry_id not in found]
        found |= gate(left) if left else {}
    return found
