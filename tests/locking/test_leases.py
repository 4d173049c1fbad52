from __future__ import annotations

from datetime import timedelta

import pytest
from django.db.models import F
from django.db.models.functions import Now
from pytest_django import Settings

from locking import leases
from locking.errors import LeaseHeld, LeaseLost
from locking.models import Lease
from locking.tasks import purge_expired_leases
from messaging.models import User

pytestmark = pytest.mark.django_db

RESOURCE = "conversation:42"


def run_out(seconds: int = 1) -> None:
    Lease.objects.update(expires_at=Now() - timedelta(seconds=seconds))


def test_a_free_resource_is_taken_for_lease_seconds(alice: User, settings: Settings) -> None:
    settings.LEASE_SECONDS = 30
    lease = leases.acquire(RESOURCE, holder=alice)
    left = Lease.objects.values_list(F("expires_at") - Now(), flat=True).get()
    assert lease.holder_id == alice.pk
    assert timedelta(seconds=29) < left <= timedelta(seconds=30)


def test_a_held_lease_is_refused_with_who_and_until_when(alice: User, bob: User) -> None:
    held = leases.acquire(RESOURCE, holder=alice)
    with pytest.raises(LeaseHeld) as refused:
        leases.acquire(RESOURCE, holder=bob)
    assert refused.value.by == alice
    assert refused.value.until == held.expires_at
    assert Lease.objects.get().token == held.token


def test_the_holder_renews_by_acquiring_and_keeps_the_token(alice: User) -> None:
    first = leases.acquire(RESOURCE, holder=alice, ttl=timedelta(seconds=5))
    second = leases.acquire(RESOURCE, holder=alice, ttl=timedelta(seconds=50))
    assert second.token == first.token
    assert second.expires_at > first.expires_at


def test_an_expired_lease_goes_to_the_next_with_a_greater_token(alice: User, bob: User) -> None:
    first = leases.acquire(RESOURCE, holder=alice)
    run_out()
    second = leases.acquire(RESOURCE, holder=bob)
    assert second.holder_id == bob.pk
    assert second.token > first.token


def test_renewing_prolongs_even_when_late_but_untaken(alice: User) -> None:
    lease = leases.acquire(RESOURCE, holder=alice)
    run_out()
    assert leases.renew(RESOURCE, holder=alice, token=lease.token).token == lease.token
    assert leases.holder_of(RESOURCE) is not None


def test_renewing_after_a_take_over_names_the_new_holder(alice: User, bob: User) -> None:
    lease = leases.acquire(RESOURCE, holder=alice)
    leases.take_over(RESOURCE, holder=bob)
    with pytest.raises(LeaseLost) as lost:
        leases.renew(RESOURCE, holder=alice, token=lease.token)
    assert lost.value.by == bob


def test_renewing_what_was_released_is_lost_to_nobody(alice: User) -> None:
    lease = leases.acquire(RESOURCE, holder=alice)
    assert leases.release(RESOURCE, holder=alice, token=lease.token)
    with pytest.raises(LeaseLost) as lost:
        leases.renew(RESOURCE, holder=alice, token=lease.token)
    assert lost.value.by is None


def test_a_stale_token_releases_nothing(alice: User, bob: User) -> None:
    stale = leases.acquire(RESOURCE, holder=alice)
    leases.take_over(RESOURCE, holder=bob)
    assert not leases.release(RESOURCE, holder=alice, token=stale.token)
    assert Lease.objects.get().holder == bob


def test_a_take_over_tells_who_held_it_and_grows_the_token(alice: User, bob: User) -> None:
    held = leases.acquire(RESOURCE, holder=alice)
    taken = leases.take_over(RESOURCE, holder=bob)
    assert taken.former_holder_id == alice.pk
    assert taken.lease.holder_id == bob.pk
    assert taken.lease.token > held.token


@pytest.mark.parametrize("state", ["free", "expired", "own"])
def test_a_take_over_from_nobody_has_no_former_holder(alice: User, bob: User, state: str) -> None:
    if state != "free":
        leases.acquire(RESOURCE, holder=alice if state == "expired" else bob)
    if state == "expired":
        run_out()
    assert leases.take_over(RESOURCE, holder=bob).former_holder_id is None


def test_verify_wants_holder_token_and_time(alice: User, bob: User) -> None:
    lease = leases.acquire(RESOURCE, holder=alice)
    assert leases.verify(RESOURCE, holder=alice, token=lease.token).pk == lease.pk
    for holder, token in ((bob, lease.token), (alice, lease.token - 1)):
        with pytest.raises(LeaseLost):
            leases.verify(RESOURCE, holder=holder, token=token)
    run_out()
    with pytest.raises(LeaseLost):
        leases.verify(RESOURCE, holder=alice, token=lease.token)


def test_holder_of_knows_only_leases_in_force(alice: User) -> None:
    assert leases.holder_of(RESOURCE) is None
    leases.acquire(RESOURCE, holder=alice)
    lease = leases.holder_of(RESOURCE)
    assert lease is not None
    assert lease.holder == alice
    run_out()
    assert leases.holder_of(RESOURCE) is None


def test_the_purge_deletes_only_what_ran_out_long_ago(alice: User) -> None:
    leases.acquire("conversation:1", holder=alice)
    run_out(seconds=2 * 24 * 3600)
    leases.acquire("conversation:2", holder=alice)
    purge_expired_leases()
    assert Lease.objects.get().resource == "conversation:2"
