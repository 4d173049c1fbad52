"""Items that cannot be applied: for as long as a test wants, or for ever."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from messaging.apply import messages as apply_messages
from messaging.items import Item
from messaging.models import DeadLetter
from messaging.providers import PROVIDERS

POISON = "poison"


@contextmanager
def poisonous(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A text that Postgres refuses, as if decoding had let it through."""
    honest = apply_messages._row

    def row(batch: Any, message: Any) -> dict[str, Any]:
        made = honest(batch, message)
        return made | {"text": "\0"} if made["text"] == POISON else made

    with monkeypatch.context() as patch:
        patch.setattr(apply_messages, "_row", row)
        yield


def make_due() -> None:
    """What waits for its next try need not wait any longer."""
    past = timezone.now() - timedelta(hours=1)
    DeadLetter.objects.filter(state="retrying").update(due_at=past)


@contextmanager
def decoding_with(monkeypatch: pytest.MonkeyPatch, decode: Any) -> Iterator[None]:
    """Let `decode` be the code that reads the Cloud API's webhooks."""
    with monkeypatch.context() as patch:
        patch.setitem(PROVIDERS, "cloud", replace(PROVIDERS["cloud"], decode=decode))
        yield


def breaks(body: bytes, *, now: float) -> list[Item]:
    """A decoder with a bug."""
    raise RuntimeError("a bug of ours")
