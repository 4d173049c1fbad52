"""What the provider tells of sends: webhooks as they come, applied at once."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

from django.db import connection as database

from messaging.models import Connection, Conversation, Message, Receipt
from outbound import claims
from outbound.claims import Claim
from outbound.departures import callback_data
from outbound.models import SendAttempt
from tests.messaging import bodies
from tests.messaging.conftest import deliver, drain_all


def tell(
    conversation: Conversation,
    *,
    statuses: Sequence[bodies.Json] = (),
    echoes: Sequence[bodies.Json] = (),
) -> None:
    """A webhook of the conversation's channel, applied; evidence is taken by nobody yet."""
    connection = Connection.objects.get(pk=conversation.channel.connection_id)
    number_id = conversation.channel.external_id
    deliver(connection, bodies.body(statuses=statuses, echoes=echoes, number_id=number_id))
    drain_all(connection)


def proof(message: Message, wamid: str, name: str = "sent", *, attempt: int = -1) -> bodies.Json:
    """A status that carries the id of one of the message's attempts, the newest unless told."""
    attempts = list(SendAttempt.objects.filter(entry__message=message).order_by("pk"))
    return bodies.status(
        wamid, name, biz_opaque_callback_data=callback_data(attempts[attempt].attempt_id)
    )


def echo(wamid: str, text: str = "one") -> bodies.Json:
    """The provider's own copy of what we sent to Carla."""
    return bodies.text(wamid, sender="351210000001", body=text) | {"to": "351910000042"}


def launch() -> Claim:
    """The next message is on its way, and its worker has not heard yet."""
    [claim] = claims.claim(limit=10).claims
    assert claims.fence([claim])[0] == {claim.attempt_pk}
    return claim


def parked() -> list[int]:
    """Receipts of no message."""
    return list(Receipt.objects.filter(message=None).values_list("pk", flat=True))


def together(*calls: Callable[[], object]) -> list[object]:
    """Run every call on a connection of its own, all released by one barrier; or their errors."""
    barrier = Barrier(len(calls))

    def run(call: Callable[[], object]) -> object:
        try:
            database.ensure_connection()
            barrier.wait(timeout=10)
            return call()
        except Exception as error:
            return error
        finally:
            database.close()

    with ThreadPoolExecutor(len(calls)) as threads:
        return list(threads.map(run, calls))
