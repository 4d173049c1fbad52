"""What the provider says of our accounts and numbers, where somebody must know.

Every notice opens or closes *topics* of its connection; the newest word on a topic counts, for
as long as it can be true. So the findings follow from the notices alone, in any round.
Source: Cloud API, "Webhooks › account_update", "account_alerts", "security" and neighbours.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from alerts.findings import Finding
from alerts.news import READERS, Closes, Opens
from messaging import notices
from messaging.models import ProviderNotice
from messaging.providers.values import mapping

HORIZON = timedelta(days=90)
LONGEST_KEY = 120

# Kept and understood; nobody has to be woken for them.
INFORMATIONAL = (
    "account_review_update",
    "business_capability_update",
    "business_username_updates",
    "flows",
    "history",
    "payment",
)


@dataclass(frozen=True, slots=True)
class _Said:
    """The newest word on a topic."""

    notice: ProviderNotice
    news: Opens


def evaluate(now: datetime) -> Iterator[Finding]:
    """The topics that are open now."""
    said: dict[tuple[int, str], _Said] = {}
    for notice in notices.recent(tuple(READERS), since=now - HORIZON):
        for news in READERS[notice.kind](mapping(notice.payload), notice):
            if isinstance(news, Closes):
                said = {
                    key: each
                    for key, each in said.items()
                    if key[0] != notice.connection_id or not key[1].startswith(news.topics)
                }
            else:
                said[notice.connection_id, news.topic] = _Said(notice, news)
    for (connection_id, topic), each in said.items():
        if each.news.holds_until(each.notice.received_at) > now:
            yield _finding(connection_id, topic, each)


def mark_handled(newest: int) -> int:
    """Note that alerts have seen the news up to the notice `newest`."""
    return notices.handle_all((*READERS, *INFORMATIONAL), until=newest)


def _finding(connection_id: int, topic: str, said: _Said) -> Finding:
    # What is said anew of a topic is another alert, so that people hear of it.
    key = f"provider_news:{connection_id}:{topic}:{said.news.event}"
    return Finding(
        organization_id=said.notice.connection.organization_id,
        dedup_key=key[:LONGEST_KEY],
        severity=said.news.severity,
        title=said.news.title,
        body=said.news.body,
    )
