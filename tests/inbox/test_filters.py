"""A list's address says what it holds; nothing typed into it is an error."""

from __future__ import annotations

from urllib.parse import parse_qs

from hypothesis import given
from hypothesis import strategies as st

from inbox import filters
from inbox.filters import Filters, parse

IDS = st.integers(1, filters.LARGEST_ID)
LISTS = st.builds(
    Filters,
    view=st.sampled_from(filters.VIEWS),
    state=st.sampled_from(["", *filters.STATES]),
    assignee=st.one_of(st.sampled_from(["", "me", "none"]), IDS.map(str)),
    team=st.one_of(st.sampled_from(["", "none"]), IDS.map(str)),
    labels=st.frozensets(IDS, max_size=filters.MOST_LABELS).map(lambda ids: tuple(sorted(ids))),
    channel=st.one_of(st.just(0), IDS),
    priority=st.sampled_from(["", *filters.PRIORITIES]),
    unread=st.booleans(),
    window=st.sampled_from(["", *filters.WINDOWS]),
    sort=st.sampled_from(["", *filters.SORTS]),
    saved=st.one_of(st.just(0), IDS),
)


@given(LISTS)
def test_an_address_means_the_list_it_was_written_for(chosen) -> None:
    assert parse(parse_qs(chosen.query)) == chosen
    assert filters.from_parameters(filters.as_parameters(chosen)) == chosen


NAMES = st.one_of(st.sampled_from([*Filters.__slots__, "label"]), st.text(max_size=5))


@given(st.dictionaries(NAMES, st.lists(st.text(max_size=30), max_size=3)))
def test_whatever_is_typed_is_some_list(params) -> None:
    chosen = parse(params)
    assert parse(parse_qs(chosen.query)) == chosen


def test_what_is_not_understood_is_left_out() -> None:
    typed = {"view": ["bosses"], "label": ["3", "x,4"], "channel": ["-1"], "assignee": ["me"]}
    assert parse(typed) == Filters(labels=(3, 4), assignee="me")
    assert parse({"channel": [str(2**63)], "saved": ["٣"]}) == Filters()


def test_only_what_narrows_counts_as_narrowing() -> None:
    assert not Filters(view="mine", sort="waiting", saved=3).narrowing
    assert Filters(unread=True, labels=(1, 2)).narrowing == {"label": "1,2", "unread": "1"}
