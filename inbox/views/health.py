"""For machines that watch: alive, ready, and in numbers."""

from __future__ import annotations

import hmac
from datetime import timedelta

import redis
from django.conf import settings
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from inbox import gauges
from inbox.addresses import client_address, is_direct
from messaging.health import OK, readiness
from messaging.models import Heartbeat
from outbound import quarantine

DEGRADED = "degraded"
REDIS_TIMEOUT_SECONDS = 0.5
SWEEPER_MISSED_AFTER = timedelta(seconds=15)


@never_cache
@require_safe
def live(request: HttpRequest) -> HttpResponse:
    """The process answers."""
    return JsonResponse({"status": "ok"})


@never_cache
@require_safe
def ready(request: HttpRequest) -> HttpResponse:
    """200 when Postgres answers and migrations are applied; the other parts are only told."""
    status, body = readiness()
    parts = body["parts"]
    assert isinstance(parts, dict)  # noqa: S101 - as readiness promises
    return JsonResponse({"parts": parts | _other_parts(parts["migrations"])}, status=status)


@never_cache
@require_safe
def metrics(request: HttpRequest) -> HttpResponse:
    """Prometheus text, for a bearer token or an address on the list."""
    if not (_has_token(request) or _has_address(request)):
        return HttpResponse("Not allowed.\n", status=403, content_type="text/plain")
    body, content_type = gauges.exposition()
    return HttpResponse(body, content_type=content_type)


def _other_parts(postgres: object) -> dict[str, str]:
    """Neither is needed for pages and webhooks, so both can only be degraded."""
    parts = {"redis": _redis()}
    if postgres == OK:
        beat = Heartbeat.objects.filter(name="sweeper").first()
        if beat is not None:
            late = timezone.now() - beat.beat_at > SWEEPER_MISSED_AFTER
            parts["sweeper"] = DEGRADED if late else OK
        parts["sending"] = DEGRADED if quarantine.open_ones().exists() else OK
    return parts


def _redis() -> str:
    try:
        with redis.Redis.from_url(
            settings.REDIS_URL,
            socket_timeout=REDIS_TIMEOUT_SECONDS,
            socket_connect_timeout=REDIS_TIMEOUT_SECONDS,
        ) as client:
            client.ping()
    except (redis.RedisError, OSError):
        return DEGRADED
    return OK


def _has_token(request: HttpRequest) -> bool:
    expected = settings.METRICS_TOKEN
    given = request.headers.get("Authorization", "").removeprefix("Bearer ")
    return bool(expected) and hmac.compare_digest(given.encode(), expected.encode())


def _has_address(request: HttpRequest) -> bool:
    return is_direct(request) and client_address(request) in settings.METRICS_ALLOWED_ADDRESSES
