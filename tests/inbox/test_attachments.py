"""Files of messages, on the page and in the JSON, in every state they may be in."""

from __future__ import annotations

import pytest

from messaging import models
from tests import factories

pytestmark = pytest.mark.django_db


def test_a_picture_keeps_its_place_and_opens_without_scripts(say, shown) -> None:
    message = say("image", "Taj Mahal")
    media = factories.MediaFactory(message=message, stored=True, width=1200, height=800)
    bubble = shown(message)
    assert f'href="/media/{media.pk}/" data-lightbox' in bubble
    assert f'src="/media/{media.pk}/thumbnail/" alt="Taj Mahal" width="1200" height="800"' in bubble
    assert "data-flush" in bubble


def test_a_picture_without_words_says_whose_it_is(say, shown) -> None:
    message = say("image")
    factories.MediaFactory(message=message, stored=True)
    assert 'alt="Photo from Carla Mendonça"' in shown(message)


@pytest.mark.parametrize(
    ("kind", "mime", "expected"),
    [
        ("video", "video/mp4", "<video "),
        ("audio", "audio/ogg", "<audio controls"),
        ("document", "application/pdf", 'download="menu.pdf"'),
        ("sticker", "image/webp", 'class="sticker"'),
        ("image", "image/svg+xml", 'download="menu.pdf"'),
    ],
)
def test_files_are_drawn_only_where_a_page_may_show_them(say, shown, kind, mime, expected) -> None:
    message = say(kind)
    factories.MediaFactory(
        message=message, kind=kind, stored=True, stored_mime_type=mime, filename="menu.pdf"
    )
    bubble = shown(message)
    assert expected in bubble
    assert ("data-flush" in bubble) is (kind not in {"audio", "sticker"})
    assert sum(bubble.count(tag) for tag in ("<img", "<video", "<audio", "download=")) == 1


@pytest.mark.parametrize("kind", ["image", "video", "audio", "document", "sticker"])
def test_a_file_on_its_way_says_so(say, shown, kind) -> None:
    message = say(kind)
    factories.MediaFactory(message=message, kind=kind, state="fetching")
    bubble = shown(message)
    assert "Fetching…" in bubble
    assert "<form" not in bubble
    assert f"/media/{message.media.get().pk}/" not in bubble


def test_a_lost_file_says_why_and_can_be_asked_for_again(say, shown) -> None:
    message = say("image")
    media = factories.MediaFactory(message=message, state="failed", error_title="Gone for good.")
    bubble = shown(message)
    assert "Gone for good." in bubble
    assert f'action="/media/{media.pk}/retry/" method="post"' in bubble
    assert "csrfmiddlewaretoken" in bubble


def test_who_only_reads_is_offered_no_second_try(
    say, conversation, organization, client_of
) -> None:
    factories.MediaFactory(message=say("image"), state="failed")
    viewer = factories.MembershipFactory(organization=organization, role=models.Role.AUDITOR).user
    page = client_of(viewer).get(f"/conversations/{conversation.pk}/").content.decode()
    assert "file-state" in page
    assert "/retry/" not in page


def test_files_are_in_the_json_as_agreed(say, told) -> None:
    message = say("image", "Taj Mahal")
    second = factories.MediaFactory(message=message, position=1)
    first = factories.MediaFactory(message=message, position=0, stored=True)
    media = told(message)["media"]
    assert [(each["id"], each["state"]) for each in media] == [
        (first.pk, "stored"),
        (second.pk, "waiting"),
    ]
    assert set(media[0]) == {
        *("id", "provider_id", "kind", "mime_type", "filename", "size_bytes", "sha256"),
        *("state", "url"),
    }
    assert (media[0]["url"], media[1]["url"]) == (f"/media/{first.pk}/", None)
