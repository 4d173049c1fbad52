from __future__ import annotations

import pytest

from messaging.models import Conversation
from outbound import dispatch, tasks
from tests.outbound.conftest import make_due, write
from tests.outbound.graph import FakeGraph, refuse

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def again(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Hints that the task gave itself."""
    sent: list[str] = []
    monkeypatch.setattr(tasks, "send_hint", lambda name, **_: sent.append(name))
    return sent


def test_the_task_sends_what_is_due_and_rests(
    ready: Conversation, graph: FakeGraph, again: list[str]
) -> None:
    write(ready, "one")
    tasks.dispatch_due_entries()
    assert graph.accepted == ["one"]
    assert again == []


def test_a_turn_that_leaves_work_asks_for_another(
    ready: Conversation, graph: FakeGraph, again: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    dispatch_due = dispatch.dispatch_due

    def one_turn(*, limit_seconds: float) -> int:
        count = dispatch_due(limit_seconds=limit_seconds)
        make_due()
        return count

    monkeypatch.setattr(dispatch, "dispatch_due", one_turn)
    graph.next.append(refuse(130429))
    write(ready, "one")
    tasks.dispatch_due_entries()
    assert again == [tasks.dispatch_due_entries.name]
