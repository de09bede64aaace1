from __future__ import annotations

import pytest
from msgspec.structs import replace

from minisets.core.network.host_ports import (
    PortBlock,
    Wish,
    allocate,
    move,
    parse_ports,
    published,
    published_ports,
    recover,
    render_ports,
)
from minisets.core.observed import PublishedPort

WEB = Wish(address="127.0.0.1", host_port=8080, container_port=80, origin="service/web")
ADMIN = Wish(address="127.0.0.1", host_port=8081, container_port=81, origin="service/admin")


def of(*wishes: Wish, pods: int = 3) -> dict[int, tuple[Wish, ...]]:
    return dict.fromkeys(range(pods), wishes)


def ports(wish: Wish, blocks: tuple[PortBlock, ...], pods: int = 3) -> list[int]:
    return [published([wish], ordinal, blocks)[0] for ordinal in range(pods)]


def test_pod_i_has_the_port_that_is_written_plus_i():
    blocks, moved = allocate(of(WEB), own=(), others=())
    assert ports(WEB, blocks) == [8080, 8081, 8082]
    assert moved == ()
    assert len(blocks) == 1


def test_two_ports_of_a_set_that_would_meet_are_kept_apart():
    blocks, moved = allocate(of(WEB, ADMIN), own=(), others=())
    assert ports(WEB, blocks) == [8080, 8081, 8082]
    assert ports(ADMIN, blocks) == [8083, 8084, 8085]
    assert [(one.wish, one.ordinals, one.host_port) for one in moved] == [(ADMIN, range(3), 8083)]


def test_two_ports_of_one_pod_stay_as_they_are_written():
    blocks, moved = allocate(of(WEB, ADMIN, pods=1), own=(), others=())
    assert (ports(WEB, blocks, 1), ports(ADMIN, blocks, 1), moved) == ([8080], [8081], ())


def test_what_another_set_has_is_left_to_it():
    other = PortBlock(wish="127.0.0.1:8079:80/tcp", first_ordinal=0, count=3, host_port=8079)
    blocks, moved = allocate(of(WEB), own=(), others=[other])
    assert ports(WEB, blocks) == [8082, 8083, 8084]
    assert len(moved) == 1


@pytest.mark.parametrize(
    ("wish", "meets"),
    [
        ("127.0.0.1:8080:9/tcp", True),
        ("0.0.0.0:8080:9/tcp", True),
        ("127.0.0.1:8080:9/udp", False),
        ("127.0.0.2:8080:9/tcp", False),
        ("[::1]:8080:9/tcp", False),
    ],
)
def test_ports_meet_on_one_address_and_protocol(wish, meets):
    other = PortBlock(wish=wish, first_ordinal=0, count=1, host_port=8080)
    _, moved = allocate(of(WEB, pods=1), own=(), others=[other])
    assert bool(moved) is meets


def test_growing_keeps_what_the_pods_have_and_joins_what_goes_on():
    first, _ = allocate(of(WEB, pods=1), own=(), others=())
    grown, moved = allocate(of(WEB), own=first, others=())
    assert grown == (PortBlock(wish=WEB.key, first_ordinal=0, count=3, host_port=8080),)
    assert moved == ()


def test_a_pod_that_came_later_goes_around_a_port_that_an_older_one_has():
    first, _ = allocate(of(WEB, ADMIN, pods=1), own=(), others=())
    grown, moved = allocate(of(WEB, ADMIN), own=first, others=())
    given = ports(WEB, grown) + ports(ADMIN, grown)
    assert (given[0], given[3]) == (8080, 8081)
    assert len(set(given)) == 6
    assert {one.ordinals for one in moved} == {range(1, 3)}
    assert allocate(of(WEB, ADMIN), own=grown, others=()) == (grown, ())


def test_a_wish_that_goes_leaves_its_ports_and_a_set_of_no_pods_does_not():
    both, _ = allocate(of(WEB, ADMIN), own=(), others=())
    left, _ = allocate(of(ADMIN), own=both, others=())
    assert ports(ADMIN, left) == [8083, 8084, 8085]
    assert {block.wish for block in left} == {ADMIN.key}
    assert allocate({}, own=both, others=()) == (both, ())


def test_a_host_port_is_never_moved_for_another_set_and_goes_first():
    strict = replace(ADMIN, is_strict=True)
    other = PortBlock(wish=WEB.key, first_ordinal=0, count=5, host_port=8080)
    blocks, moved = allocate(of(WEB, strict, pods=1), own=(), others=[other])
    assert ports(strict, blocks, 1) == [8081]
    assert ports(WEB, blocks, 1) == [8085]
    assert [one.wish for one in moved] == [WEB]


def test_a_wish_for_one_pod_has_its_port_whatever_the_ordinal():
    single = replace(WEB, is_single=True)
    blocks, _ = allocate({2: (single,)}, own=(), others=())
    assert published([single], 2, blocks) == [8080]


def test_ports_past_the_last_one_come_from_elsewhere():
    wish = replace(WEB, host_port=65534)
    blocks, moved = allocate(of(wish), own=(), others=())
    assert max(ports(wish, blocks)) <= 65535
    assert len(moved) == 1


def test_a_taken_port_moves_one_pod_and_stays_moved():
    blocks, _ = allocate(of(WEB), own=(), others=())
    after, moved = move(WEB, 1, own=blocks, others=(), step=1)
    assert ports(WEB, after) == [8080, 8083, 8082]
    assert (moved.ordinals, moved.host_port) == (range(1, 2), 8083)
    again, _ = move(WEB, 1, own=after, others=(), step=4)
    assert ports(WEB, again) == [8080, 8087, 8082]
    assert len(again) == len(after)
    assert allocate(of(WEB), own=again, others=()) == (again, ())


def test_ports_are_written_and_read_as_docker_has_them():
    found = (
        PublishedPort(container_port=80, host_port=8080, host_address="127.0.0.1"),
        PublishedPort(container_port=53, host_port=53, host_address="::1", protocol="udp"),
    )
    text = render_ports(found)
    assert text == "127.0.0.1:8080:80/tcp,[::1]:53:53/udp"
    assert parse_ports(text) == found
    assert parse_ports("") == ()
    assert render_ports([PublishedPort(container_port=80, host_port=0)]) == ""


def test_moved_ports_are_recovered_from_the_pods():
    blocks, _ = allocate(of(WEB, ADMIN), own=(), others=())
    moved, _ = move(WEB, 1, own=blocks, others=(), step=10)
    seen = {ordinal: published_ports([WEB, ADMIN], ordinal, moved) for ordinal in range(3)}
    recovered = recover(of(WEB, ADMIN), seen)
    for ordinal in range(3):
        assert published_ports([WEB, ADMIN], ordinal, recovered) == seen[ordinal]
