"""Where an agent goes when a conversation is done: to the next one of the list they came from."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import parse_qsl, urlencode, urlsplit

from django.http import QueryDict
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme

from inbox import access, cursors, listing
from inbox.filters import Filters, parse
from inbox.views_of_list import order_of

if TYPE_CHECKING:
    from inbox.access import MemberRequest
    from messaging.models import Conversation

# What was open in the page for a moment only.
PASSING = {"menu", "before", "message", "reply_to", "region"}


def own_url(request: MemberRequest, url: str) -> str:
    """`url` as far as it leads to a page of ours, without what was for the moment; else ""."""
    allowed = url_has_allowed_host_and_scheme(
        url, allowed_hosts={request.get_host()}, require_https=request.is_secure()
    )
    if not url or not allowed:
        return ""
    parts = urlsplit(url)
    kept = [pair for pair in parse_qsl(parts.query) if pair[0] not in PASSING]
    return parts._replace(query=urlencode(kept, safe=","), fragment="").geturl()


def after(request: MemberRequest, conversation_id: int) -> str:
    """The address of what follows a conversation in its list, asked for before it leaves it.

    A browser says what it shows there as `following`; else the list in `next` is asked. The list
    itself where nothing follows.
    """
    told = own_url(request, request.POST.get("following", ""))
    if told:
        return told
    filters = _filters(own_url(request, request.POST.get("next", "")))
    query = f"?{filters.query}" if filters.query else ""
    found = access.conversations(request.membership).filter(pk=conversation_id).first()
    follower = _follower(request, filters, found) if found else None
    if follower is None:
        return f"{reverse('inbox:conversation-list')}{query}"
    return f"{reverse('inbox:conversation', args=[follower.pk])}{query}"


def _follower(request: MemberRequest, filters: Filters, found: Conversation) -> Conversation | None:
    order = order_of(filters)
    here = cursors.encode(getattr(found, order.field) or listing.NEVER, found.pk)
    rows = listing.chosen(request.membership, filters).exclude(pk=found.pk)
    below = listing.page(rows, order, rows, before=here, limit=1).rows
    return below[0] if below else None


def _filters(url: str) -> Filters:
    return parse(dict(QueryDict(urlsplit(url).query).lists()))
