from __future__ import annotations

from ipaddress import IPv4Address, IPv4Network
from itertools import islice

import pytest

from minisets.core.network.addresses import Block, address_of, allocate, free_subnets, move

SUBNET = "10.128.0.0/20"


def _block(first_ordinal: int, count: int, offset: int) -> Block:
    return Block(first_ordinal=first_ordinal, count=count, offset=offset)


def test_the_first_free_subnet_is_the_last_of_dockers_first_pool():
    found = next(free_subnets([]))
    assert (found.subnet, found.gateway) == ("172.31.240.0/20", "172.31.240.1")


def test_the_engines_own_addresses_are_the_upper_half():
    found = next(free_subnets([]))
    assert found.ip_range == "172.31.248.0/21"
    assert IPv4Network(found.ip_range).subnet_of(IPv4Network(found.subnet))


def test_a_taken_subnet_is_passed_over_even_if_only_a_part_of_it_is_taken():
    assert next(free_subnets(["172.31.250.7/32"])).subnet == "172.31.224.0/20"
    assert next(free_subnets(["172.16.0.0/12"])).subnet == "192.168.240.0/20"
    assert next(free_subnets(["172.16.0.0/12", "192.168.0.0/16"])).subnet == "10.255.240.0/20"


def test_the_default_route_and_ipv6_take_nothing():
    assert next(free_subnets(["0.0.0.0/0", "fd00::/8"])).subnet == "172.31.240.0/20"


def test_no_two_offered_subnets_overlap():
    nets = [IPv4Network(found.subnet) for found in islice(free_subnets([]), 300)]
    assert len(set(nets)) == 300


def test_nothing_is_offered_when_all_pools_are_taken():
    assert list(free_subnets(["172.16.0.0/12", "192.168.0.0/16", "10.0.0.0/8"])) == []


def test_an_address_is_the_ordinals_place_in_its_block():
    blocks = (_block(0, 3, 2), _block(3, 40, 100))
    assert address_of(SUBNET, blocks, 0) == "10.128.0.2"
    assert address_of(SUBNET, blocks, 2) == "10.128.0.4"
    assert address_of(SUBNET, blocks, 3) == "10.128.0.100"
    assert address_of(SUBNET, blocks, 43) is None


def test_the_first_block_that_covers_an_ordinal_counts():
    assert address_of(SUBNET, (_block(1, 1, 50), _block(0, 32, 2)), 1) == "10.128.0.50"


def test_a_new_set_gets_room_to_grow_after_the_gateway():
    assert allocate(SUBNET, ordinals=range(3), own=(), others=()) == (_block(0, 32, 2),)


def test_a_big_set_gets_one_block_for_all_its_pods():
    assert allocate(SUBNET, ordinals=range(100), own=(), others=()) == (_block(0, 100, 2),)


def test_a_set_that_has_its_addresses_keeps_its_blocks():
    own = (_block(0, 32, 2),)
    assert allocate(SUBNET, ordinals=range(32), own=own, others=()) is own


def test_a_set_that_grows_past_its_block_keeps_it_and_gets_another():
    own, other = _block(0, 32, 2), _block(0, 32, 34)
    assert allocate(SUBNET, ordinals=range(40), own=(own,), others=(other,)) == (
        own,
        _block(32, 32, 66),
    )


def test_ordinals_that_start_later_begin_their_block_there():
    assert allocate(SUBNET, ordinals=range(5, 8), own=(), others=()) == (_block(5, 32, 2),)


def test_a_block_avoids_other_sets_and_addresses_in_use():
    found = allocate(
        SUBNET, ordinals=range(1), own=(), others=[_block(0, 32, 2)], used=["10.128.0.40"]
    )
    assert found == (_block(0, 32, 41),)


def test_addresses_of_other_networks_and_of_the_upper_half_are_in_nobodys_way():
    used = ["192.168.0.3", "10.128.8.1"]
    assert allocate(SUBNET, ordinals=range(1), own=(), others=(), used=used)[0].offset == 2


def test_the_gap_between_two_sets_is_used_if_it_is_wide_enough():
    others = [_block(0, 32, 2), _block(0, 32, 66)]
    assert allocate(SUBNET, ordinals=range(1), own=(), others=others)[0].offset == 34
    assert allocate(SUBNET, ordinals=range(33), own=(), others=others)[0].offset == 98


def test_no_set_gets_addresses_of_the_upper_half():
    last = int(IPv4Address("10.128.8.0")) - int(IPv4Address("10.128.0.0"))
    assert allocate(SUBNET, ordinals=range(last - 2), own=(), others=())
    with pytest.raises(OverflowError, match=r"lower half of 10\.128\.0\.0/20"):
        allocate(SUBNET, ordinals=range(last - 1), own=(), others=())


def test_a_moved_pod_gets_one_new_address_and_the_others_stay():
    own = (_block(0, 32, 2),)
    blocks = move(SUBNET, 1, own=own, others=[_block(0, 32, 34)], used=["10.128.0.66"])
    assert blocks == (_block(1, 1, 67), *own)
    assert address_of(SUBNET, blocks, 0) == "10.128.0.2"
