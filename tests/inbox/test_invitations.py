"""Invitations: by owners and admins, once, for the invited address, kept as a hash."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from messaging import models

pytestmark = pytest.mark.django_db


@pytest.fixture
def owner(alice):
    models.Membership.objects.filter(user=alice).update(role=models.Role.OWNER)
    return alice


@pytest.fixture
def link(owner, client_of, mailoutbox) -> str:
    fields = {"email": "new@example.com", "role": "agent"}
    assert client_of(owner).post("/settings/members/", fields).status_code == 302
    body = mailoutbox[-1].body
    address = next(line for line in body.splitlines() if line.startswith("http"))
    return address.removeprefix("http://testserver")


NEW = {"name": "Nova Pessoa", "password": "um-segredo-comprido"}


def test_the_link_makes_an_account_and_a_member(link, client, organization) -> None:
    assert client.post(link, NEW).status_code == 302
    member = organization.memberships.get(user__email="new@example.com")
    assert (member.role, member.user.name) == ("agent", "Nova Pessoa")
    assert client.get("/").status_code == 200
    assert client.get(link).status_code == 404, "it works once"


def test_only_a_hash_is_kept(link) -> None:
    token = link.rstrip("/").rsplit("/", 1)[-1]
    assert token not in models.Invitation.objects.get().token_hash


def test_old_and_invented_links_do_not_work(link, client) -> None:
    assert client.get("/invitations/invented/").status_code == 404
    models.Invitation.objects.update(expires_at=timezone.now() - timedelta(seconds=1))
    assert client.get(link).status_code == 404
    assert client.post(link, NEW).status_code == 404


def test_a_weak_password_is_refused(link, client) -> None:
    assert client.post(link, {"name": "N", "password": "12345678"}).status_code == 422
    assert not models.User.objects.filter(email="new@example.com").exists()


def test_an_account_joins_by_its_own_login_only(
    link, client_of, mallory, bob, organization
) -> None:
    models.Invitation.objects.update(email="mallory@example.com")
    assert client_of(bob).post(link).status_code == 200, "asked to log in as the invited one"
    assert not organization.memberships.filter(user=mallory).exists()
    assert client_of(mallory).post(link).status_code == 302
    assert organization.memberships.filter(user=mallory).exists()


def test_agents_do_not_invite(bob, client_of) -> None:
    browser = client_of(bob)
    assert browser.get("/settings/members/").status_code == 403
    fields = {"email": "new@example.com", "role": "agent"}
    assert browser.post("/settings/members/", fields).status_code == 403
    assert not models.Invitation.objects.exists()


def test_admins_do_not_make_owners(owner, client_of) -> None:
    models.Membership.objects.filter(user=owner).update(role=models.Role.ADMIN)
    fields = {"email": "new@example.com", "role": "owner"}
    assert client_of(owner).post("/settings/members/", fields).status_code == 422


def test_members_are_not_invited_again(owner, bob, client_of) -> None:
    fields = {"email": "BOB@example.com", "role": "agent"}
    answer = client_of(owner).post("/settings/members/", fields)
    assert answer.status_code == 422
    assert "member already" in answer.content.decode()
