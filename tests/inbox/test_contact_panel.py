"""The panel: what is known of a person, of all their conversations that one may see."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from django.db import transaction
from django.utils import timezone

from inbox import directories
from messaging import conversations as acts
from messaging import internal, merging, models, timeline
from messaging.describing import MOST_DETAILS
from tests import factories
from tests.inbox.conftest import FRAGMENT, answered, asked
from tests.inbox.test_contacts import membership

pytestmark = pytest.mark.django_db
# Session, user, membership; conversation, ids, labels; people with ids and places; episodes, who
# answered, users; files with their messages; notes; merges; consent. (The database's own
# functions are not counted: families, and who ended the episodes.)
PANEL = 3 + 3 + 3 + 3 + 2 + 1 + 1


@pytest.fixture
def panel(open_conversation, alice, client_of):
    """The panel of the open conversation as Alice sees it."""

    def show(query: str = "", user: models.User | None = None, **headers: str) -> str:
        address = f"/conversations/{open_conversation.pk}/contact/{query}"
        return client_of(user or alice).get(address, **{**FRAGMENT, **headers}).content.decode()

    return show


def note(conversation: models.Conversation, text: str, by: models.User) -> models.Message:
    with transaction.atomic():
        rows = timeline.lock([conversation.pk])
        message = internal.add_note(rows[conversation.pk], text, by=by)
        timeline.publish(rows.values())
    conversation.refresh_from_db()
    return message


def ended(conversation: models.Conversation, by: models.User, *, minutes: int) -> None:
    opened_at = timezone.now() - timedelta(minutes=minutes)
    models.Episode.objects.create(conversation=conversation, opened_at=opened_at)
    with transaction.atomic():
        rows = timeline.lock([conversation.pk])
        timeline.publish(acts.resolve(rows.values(), by=by))
    models.Conversation.objects.update(state="open")
    conversation.refresh_from_db()


def fill(conversation: models.Conversation, by: models.User, count: int) -> None:
    for number in range(count):
        note(conversation, f"Note {number}", by)
        ended(conversation, by, minutes=number + 2)
        answered(conversation, by, "Bom dia")
        message = factories.MessageFactory(conversation=conversation, kind="image", text="")
        factories.MediaFactory(message=message, stored=True, organization=message.organization)


@pytest.mark.parametrize("count", [1, 8])
def test_the_panel_takes_a_fixed_number_of_queries(
    count, open_conversation, alice, bob, client_of, django_assert_num_queries
) -> None:
    fill(open_conversation, bob, count)
    browser = client_of(alice)
    address = f"/conversations/{open_conversation.pk}/contact/"
    with django_assert_num_queries(PANEL):
        page = browser.get(address, **FRAGMENT).content.decode()
    assert page.count('class="panel-picture"') == page.count("Note ") == count
    assert page.count("Resolved by Bob Fernandes") == count


def test_notes_of_all_conversations_lead_to_their_messages(
    open_conversation, carla, connection, bob, panel
) -> None:
    elsewhere = factories.ConversationFactory(
        contact=carla, channel=factories.ChannelFactory(connection=connection)
    )
    here, there = note(open_conversation, "Nuts", bob), note(elsewhere, "Pays late", bob)
    page = panel()
    for message in (here, there):
        assert f"/conversations/{message.conversation_id}/?message={message.pk}" in page
    assert page.index("Pays late") < page.index("Nuts")


def test_what_one_may_not_see_is_in_no_section(
    open_conversation, carla, connection, alice, bob, panel
) -> None:
    hidden = factories.ConversationFactory(
        contact=carla, channel=factories.ChannelFactory(connection=connection, name="Hidden shop")
    )
    fill(hidden, bob, 1)
    mine = membership(alice)
    mine.sees_all_channels = False
    mine.save()
    mine.channels.add(open_conversation.channel)
    page = panel()
    for secret in ("Hidden shop", "Note 0", "panel-picture", "Bob Fernandes"):
        assert secret not in page


def test_episodes_say_who_ended_them_and_how_long_they_took(
    open_conversation, alice, bob, panel
) -> None:
    at = timezone.now()
    for by, hours, length in ((bob, 5, timedelta(minutes=62)), (alice, 2, timedelta(seconds=20))):
        ended(open_conversation, by, minutes=1)
        opened_at = at - timedelta(hours=hours)
        newest = models.Episode.objects.latest("pk")
        times = {"opened_at": opened_at, "resolved_at": opened_at + length}
        models.Episode.objects.filter(pk=newest.pk).update(**times)
        models.Message.objects.filter(author=by).update(received_at=times["resolved_at"])
    models.Episode.objects.create(conversation=open_conversation, opened_at=timezone.now())
    page = panel()
    assert "Resolved by Bob Fernandes in 1 h 02 m" in page
    assert "Resolved by you in less than a minute" in page
    assert "Still open" in page


@pytest.mark.parametrize("section", ["episodes", "files"])
def test_long_sections_come_in_pages_each_thing_once(section, open_conversation, panel) -> None:
    for number in range(30):
        at = timezone.now() - timedelta(days=number)
        models.Episode.objects.create(
            conversation=open_conversation, opened_at=at, resolved_at=at + timedelta(hours=1)
        )
        message = factories.MessageFactory(
            conversation=open_conversation, kind="image", received_at=at
        )
        factories.MediaFactory(message=message, organization=message.organization)
    seen: list[str] = []
    query = ""
    for _ in range(10):
        page = panel(query)
        part = re.search(rf'id="contact-{section}".*?</details>', page, re.DOTALL)[0]
        seen += re.findall(r'href="(/conversations/\d+/\?(?:message|at)=[^"]+)"', part)
        more = re.search(rf'href="[^"]*(\?{section}=[^"#]+)#', part)
        if more is None:
            break
        query = more[1]
    assert len(seen) == len(set(seen)) == 30
    assert "panel-head" not in panel(f"?{section}=nonsense")


def test_a_page_without_scripts_shows_and_changes_the_same(
    open_conversation, carla, alice, client_of
) -> None:
    browser = client_of(alice)
    page = browser.get(f"/conversations/{open_conversation.pk}/contact/").content.decode()
    assert "<html" in page
    assert 'data-panel="open"' in page
    for what in ("name", "details", "block"):
        assert f'action="/contacts/{carla.pk}/{what}/" method="post"' in page
    answer = browser.post(
        f"/contacts/{carla.pk}/name/",
        {"name": "Carla M.", "conversation": str(open_conversation.pk)},
    )
    assert answer.headers["Location"].endswith("/contact/#contact-head")
    carla.refresh_from_db()
    assert carla.name == "Carla M."


def test_a_new_name_moves_the_row_in_every_list(open_conversation, carla, alice, client_of) -> None:
    before = models.Conversation.objects.get().changed_seq
    client_of(alice).post(f"/contacts/{carla.pk}/name/", {"name": "Carla M."})
    assert models.Conversation.objects.get().changed_seq > before
    again = models.Conversation.objects.get().changed_seq
    client_of(alice).post(f"/contacts/{carla.pk}/name/", {"name": "Carla M."})
    assert models.Conversation.objects.get().changed_seq == again


def test_empty_sections_say_so_and_many_ids_are_folded(open_conversation, carla, panel) -> None:
    page = panel()
    assert "No pictures, videos or documents yet." in page
    assert "Nobody of the team has written to them yet." in page
    for number in range(29):
        factories.ContactIdentityFactory(contact=carla, kind="bsuid", value=f"PT.{number}")
    assert "22 more" in panel()
    models.Contact.objects.update(attributes={f"D{n}": "" for n in range(MOST_DETAILS)})
    assert "50 details are the most there can be." in panel()


def test_an_auditor_reads_all_of_it_and_has_no_forms(open_conversation, bob, panel) -> None:
    models.Membership.objects.filter(user=bob).update(role=models.Role.AUDITOR)
    assert "<form" not in panel(user=bob)


# --- two who are one, and everybody by name ------------------------------------------------------


def test_two_are_found_compared_and_merged(
    open_conversation, carla, organization, alice, client_of
) -> None:
    other = factories.ContactFactory(organization=organization, name="C. Mendonça")
    factories.ContactIdentityFactory(contact=other, value="351910000077")
    browser, address = client_of(alice), f"/contacts/{carla.pk}/merge/"
    found = browser.get(address, {"q": "mendonça"}).content.decode()
    assert f'href="{address}?other={other.pk}"' in found
    assert f"other={carla.pk}" not in found
    compared = browser.get(address, {"other": other.pk}).content.decode()
    assert "+351 910 000 077" in compared
    answer = browser.post(address, {"other": other.pk})
    assert answer.headers["Location"] == f"/contacts/{carla.pk}/"
    other.refresh_from_db()
    assert other.merged_into == carla
    assert models.ContactMerge.objects.get().merged_by == alice


def test_strangers_and_oneself_are_not_merged(carla, mallory, alice, client_of) -> None:
    theirs = factories.ContactFactory(organization=mallory.memberships.get().organization)
    browser, address = client_of(alice), f"/contacts/{carla.pk}/merge/"
    assert browser.post(address, {"other": theirs.pk}).status_code == 404
    assert browser.post(address, {"other": carla.pk}).status_code == 302
    api = f"/api/v1/contacts/{carla.pk}/merge/"
    answer = browser.post(api, {"contact": theirs.pk}, content_type="application/json")
    assert answer.status_code == 404
    assert not models.ContactMerge.objects.exists()


def test_programs_merge_too(carla, organization, alice, client_of) -> None:
    other = factories.ContactFactory(organization=organization)
    address = f"/api/v1/contacts/{other.pk}/merge/"
    answer = client_of(alice).post(address, {"contact": carla.pk}, content_type="application/json")
    assert (answer.status_code, answer.json()["id"]) == (200, carla.pk)
    assert merging.family([other.pk]) == {carla.pk: carla.pk, other.pk: carla.pk}


def test_people_stand_in_order_each_on_one_page(
    organization, alice, client_of, monkeypatch
) -> None:
    monkeypatch.setattr("inbox.directories.PAGE", 3)
    for name in ("bea", "Ana", "", "Carl", "ana", "", "Zoe"):
        contact = factories.ContactFactory(organization=organization, name=name)
        factories.ContactIdentityFactory(contact=contact)
    browser, query, seen = client_of(alice), "", []
    for _ in range(5):
        page = browser.get(f"/contacts/{query}").content.decode()
        seen += re.findall(r"<b><bdi>(.*?)</bdi></b>", page)
        more = re.search(r'href="/contacts/(\?after=\d+)"', page)
        if more is None:
            break
        query = more[1]
    assert [name.lower() for name in seen[:5]] == ["ana", "ana", "bea", "carl", "zoe"]
    assert len(seen) == 7
    assert all(name.startswith("+351") for name in seen[5:])


def test_people_are_searched_and_only_the_visible_ones(
    open_conversation, carla, organization, alice, client_of
) -> None:
    factories.ContactFactory(organization=organization, name="Carla Hidden")
    mine = membership(alice)
    mine.sees_all_channels = False
    mine.save()
    mine.channels.add(open_conversation.channel)
    page = client_of(alice).get("/contacts/", {"q": "carla"}).content.decode()
    assert "Carla Mendonça" in page
    assert "Carla Hidden" not in page
    assert "Nobody found" in client_of(alice).get("/contacts/", {"q": "xyz"}).content.decode()


@pytest.mark.parametrize("count", [1, 20])
def test_a_page_of_people_takes_three_queries(
    count, channel, alice, django_assert_num_queries
) -> None:
    for _ in range(count):
        contact = factories.ContactFactory(organization=channel.organization)
        factories.ContactIdentityFactory(contact=contact)
        asked(factories.ConversationFactory(channel=channel, contact=contact), "Olá")
    reader = membership(alice)
    with django_assert_num_queries(3):
        page = directories.page_of(reader)
    assert len(page.entries) == count
    assert all(entry.person.conversations for entry in page.entries)
