"""The way in: one sentence for every failure, and a limit on tries."""

from __future__ import annotations

from datetime import timedelta

import pytest
import time_machine
from django.utils import timezone

from inbox.models import LoginAttempt

pytestmark = pytest.mark.django_db
PASSWORD = "demo-inbox"


def log_in(client, email: str, password: str = PASSWORD, **extra):
    return client.post("/login/", {"email": email, "password": password}, **extra)


def test_email_and_password_open_the_inbox(client, alice) -> None:
    answer = log_in(client, "ALICE@example.com")
    assert (answer.status_code, answer.headers["Location"]) == (302, "/")
    assert client.get("/").status_code == 200


def test_unknown_and_wrong_look_the_same(client, alice) -> None:
    wrong = log_in(client, "alice@example.com", "wrong")
    unknown = log_in(client, "nobody@example.com", "wrong")
    assert wrong.status_code == unknown.status_code == 422
    page = unknown.content.decode().replace("nobody@", "alice@")
    tokenless = lambda html: [line for line in html.splitlines() if "csrf" not in line]  # noqa: E731
    assert tokenless(wrong.content.decode()) == tokenless(page)


def test_an_account_takes_few_wrong_tries(client, alice, settings) -> None:
    settings.LOGIN_ATTEMPTS_PER_ACCOUNT = 3
    for _ in range(3):
        assert log_in(client, "alice@example.com", "wrong").status_code == 422
    assert log_in(client, "Alice@Example.com").status_code == 429
    assert log_in(client, "bob@example.com", "wrong").status_code == 422


def test_an_address_takes_few_wrong_tries(client, alice, settings) -> None:
    settings.LOGIN_ATTEMPTS_PER_ADDRESS = 3
    for number in range(3):
        log_in(client, f"guess{number}@example.com", "wrong")
    assert log_in(client, "alice@example.com").status_code == 429
    assert log_in(client, "alice@example.com", REMOTE_ADDR="198.51.100.7").status_code == 302


def test_a_forged_header_is_no_new_address(client, alice, settings) -> None:
    settings.LOGIN_ATTEMPTS_PER_ADDRESS = 2
    for number in range(2):
        log_in(client, f"g{number}@example.com", "wrong", HTTP_X_FORWARDED_FOR=f"10.0.0.{number}")
    refused = log_in(client, "alice@example.com", HTTP_X_FORWARDED_FOR="10.9.9.9")
    assert refused.status_code == 429


def test_tries_are_forgotten_with_the_window_and_with_success(client, alice, settings) -> None:
    settings.LOGIN_ATTEMPTS_PER_ACCOUNT = 1
    log_in(client, "alice@example.com", "wrong")
    assert log_in(client, "alice@example.com").status_code == 429
    old = timezone.now() - timedelta(seconds=settings.LOGIN_ATTEMPTS_WINDOW_SECONDS + 1)
    LoginAttempt.objects.update(attempted_at=old)
    assert log_in(client, "alice@example.com").status_code == 302
    assert not LoginAttempt.objects.exists()


def test_the_api_shares_the_limit(client, alice, settings) -> None:
    settings.LOGIN_ATTEMPTS_PER_ACCOUNT = 1
    log_in(client, "alice@example.com", "wrong")
    body = {"email": "alice@example.com", "password": "demo-inbox"}
    refused = client.post("/api/v1/auth/token/", body, content_type="application/json")
    assert refused.status_code == 429


@pytest.mark.parametrize("target", ["https://evil.example/", "//evil.example", "javascript:x"])
def test_login_leads_nowhere_else(client, alice, target) -> None:
    answer = client.post(
        "/login/", {"email": "alice@example.com", "password": "demo-inbox", "next": target}
    )
    assert answer.headers["Location"] == "/"


def test_logging_out_takes_a_post(client_of, alice) -> None:
    browser = client_of(alice)
    assert browser.get("/logout/").status_code == 405
    assert browser.post("/logout/").status_code == 302
    assert browser.get("/").status_code == 302


def test_a_reset_says_the_same_to_everybody(client, alice, mailoutbox) -> None:
    known = client.post("/password/reset/", {"email": "alice@example.com"})
    unknown = client.post("/password/reset/", {"email": "nobody@example.com"})
    assert known.headers["Location"] == unknown.headers["Location"]
    assert [mail.to for mail in mailoutbox] == [["alice@example.com"]]
    link = next(line for line in mailoutbox[0].body.splitlines() if line.startswith("http"))
    page = client.get(link.removeprefix("http://testserver"), follow=True)
    assert b"Save password" in page.content


def test_admin_has_no_door_of_its_own(client, client_of, alice) -> None:
    assert client.get("/admin/login/").headers["Location"].startswith("/login/")
    assert client_of(alice).get("/admin/", follow=True).status_code == 403


def test_a_session_ends_with_its_age(client, alice, settings) -> None:
    log_in(client, "alice@example.com")
    with time_machine.travel(timezone.now() + timedelta(seconds=settings.SESSION_COOKIE_AGE + 1)):
        assert client.get("/").status_code == 302
