"""Addresses of the JSON API, each with and without its final slash."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, JsonResponse
from django.urls import URLPattern, path, re_path
from drf_spectacular.renderers import OpenApiJsonRenderer, OpenApiYamlRenderer
from drf_spectacular.views import SpectacularAPIView
from rest_framework.permissions import AllowAny

from inbox.api.breakers import BreakerList
from inbox.api.consents import ConsentList
from inbox.api.contacts import (
    ContactBlock,
    ContactDetail,
    ContactList,
    ContactMergeCreate,
    ContactUnblock,
)
from inbox.api.conversations import ConversationDetail, ConversationList
from inbox.api.dlq import (
    DeadLetterDiscard,
    DeadLetterList,
    DeadLetterRetry,
    OutboundDeadLetterList,
)
from inbox.api.leases import Heartbeat, Lock, TakeOver, Unlock
from inbox.api.ledger import LedgerTrace
from inbox.api.messages import MessageList, MessageReview, MessageSearch, MessageSend
from inbox.api.quota import QuotaDetail
from inbox.api.templates import TemplateList, TemplateSyncCreate
from inbox.api.tokens import TokenCreate
from inbox.api.triage import ROUTES as TRIAGE
from inbox.api.uploads import UploadCreate

app_name = "api"


class Schema(SpectacularAPIView):
    """The OpenAPI document; public, as it holds nobody's data."""

    permission_classes = [AllowAny]
    renderer_classes = [OpenApiJsonRenderer, OpenApiYamlRenderer]


def unknown(request: HttpRequest, rest: str) -> JsonResponse:
    """No such address, in JSON."""
    return JsonResponse({"detail": "Not found."}, status=404)


ROUTES: dict[str, tuple[str, Any]] = {
    "auth/token/": ("token-create", TokenCreate),
    "conversations/": ("conversation-list", ConversationList),
    "conversations/<int:conversation_id>/": ("conversation", ConversationDetail),
    "conversations/<int:conversation_id>/messages/": ("conversation-messages", MessageList),
    "conversations/<int:conversation_id>/lock/": ("lock", Lock),
    "conversations/<int:conversation_id>/unlock/": ("unlock", Unlock),
    "conversations/<int:conversation_id>/heartbeat/": ("heartbeat", Heartbeat),
    "conversations/<int:conversation_id>/takeover/": ("takeover", TakeOver),
    **TRIAGE,
    "contacts/": ("contact-list", ContactList),
    "contacts/<int:contact_id>/": ("contact", ContactDetail),
    "contacts/<int:contact_id>/block/": ("contact-block", ContactBlock),
    "contacts/<int:contact_id>/unblock/": ("contact-unblock", ContactUnblock),
    "contacts/<int:contact_id>/merge/": ("contact-merge", ContactMergeCreate),
    "contacts/<int:contact_id>/consents/": ("consents", ConsentList),
    "templates/": ("template-list", TemplateList),
    "templates/sync/": ("template-sync", TemplateSyncCreate),
    "messages/search/": ("message-search", MessageSearch),
    "messages/<int:message_id>/review/": ("message-review", MessageReview),
    "messages/": ("message-send", MessageSend),
    "uploads/": ("upload-create", UploadCreate),
    "rate-limits/whatsapp/quota/": ("quota", QuotaDetail),
    "ledger/": ("ledger", LedgerTrace),
    "dlq/": ("dlq", DeadLetterList),
    "dlq/retry/": ("dlq-retry", DeadLetterRetry),
    "dlq/discard/": ("dlq-discard", DeadLetterDiscard),
    "breakers/": ("breakers", BreakerList),
    "outbound-messages/dlq/": ("outbound-dlq", OutboundDeadLetterList),
}


def only_with_slash(endpoints: list[Any], **_: Any) -> list[Any]:
    """The document names every address once."""
    return [endpoint for endpoint in endpoints if endpoint[0].endswith("/")]


def _routes() -> list[URLPattern]:
    schema_view = Schema.as_view(
        custom_settings={"PREPROCESSING_HOOKS": ["inbox.api.urls.only_with_slash"]}
    )
    patterns = []
    for route, (name, view) in ROUTES.items():
        patterns.append(path(route, view.as_view(), name=name))
        patterns.append(path(route.removesuffix("/"), view.as_view()))
    patterns.append(path("schema/", schema_view, name="schema"))
    patterns.append(path("schema", schema_view))
    return patterns


urlpatterns = [*_routes(), re_path(r"^(?P<rest>.*)$", unknown)]
