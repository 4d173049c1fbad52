"""Who gets how much of what a process can carry."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from outbound.limits.sharing import Demand, Room, fair, share


def demand(channel_id: int, organization_id: int, *, live: int = 0, bulk: int = 0) -> Demand:
    return Demand(
        channel_id=channel_id,
        organization_id=organization_id,
        throughput=80,
        has_pairs=True,
        is_spent=False,
        live=live,
        bulk=bulk,
    )


def test_a_flood_leaves_all_that_the_others_want() -> None:
    wanted = [demand(1, 1, live=10_000), demand(2, 2, live=3), demand(3, 3, live=7)]
    assert share(Room(count=100), wanted) == {1: 90, 2: 3, 3: 7}


def test_organisations_share_and_not_their_numbers() -> None:
    wanted = [demand(n, 1, live=100) for n in range(4)] + [demand(9, 2, live=100)]
    found = share(Room(count=100), wanted)
    assert found[9] == 50
    assert sum(found.values()) == 100


def test_live_comes_before_bulk_whoever_wants_it() -> None:
    wanted = [demand(1, 1, bulk=100), demand(2, 2, live=8, bulk=100)]
    assert share(Room(count=10), wanted) == {1: 2, 2: 8}


def test_who_has_much_under_way_waits_for_the_others() -> None:
    wanted = [demand(1, 1, live=50), demand(2, 2, live=50)]
    room = Room(count=20, under_way={1: 100})
    assert share(room, wanted) == {2: 20}


def test_nobody_fills_everything() -> None:
    room = Room(count=200, most=700, under_way={1: 650})
    assert share(room, [demand(1, 1, live=200)]) == {1: 50}


AMOUNTS = st.dictionaries(st.integers(0, 8), st.integers(0, 300), min_size=1)


@given(room=st.integers(0, 300), wanted=AMOUNTS, held=AMOUNTS)
def test_all_is_given_and_nobody_has_more_than_who_was_cut(
    room: int, wanted: dict[int, int], held: dict[int, int]
) -> None:
    shares = fair(room, wanted, held)
    assert sum(shares.values()) == min(room, sum(wanted.values()))
    assert all(0 <= shares[key] <= wanted[key] for key in wanted)
    cut = [shares[key] + held.get(key, 0) for key in wanted if shares[key] < wanted[key]]
    given = [shares[key] + held.get(key, 0) for key in wanted if shares[key]]
    assert not cut or max(given, default=0) <= min(cut) + 1
