import copy

from minisets.core.input.merge import merge


def containers(*items):
    return {"spec": {"containers": list(items)}}


def test_the_file_wins_where_it_speaks():
    assert merge({}, {"replicas": 3}, {"replicas": 1}) == {"replicas": 3}


def test_what_only_lives_stays():
    assert merge({"a": 1}, {"a": 2}, {"a": 1, "live": True}) == {"a": 2, "live": True}


def test_what_the_file_no_longer_says_is_removed():
    assert merge({"a": 1, "b": 2}, {"a": 1}, {"a": 1, "b": 2, "c": 3}) == {"a": 1, "c": 3}


def test_a_scaled_set_keeps_its_replicas_if_no_file_ever_spoke_of_them():
    file = {"spec": {"serviceName": "x"}}
    live = {"spec": {"serviceName": "x", "replicas": 5}}
    assert merge(file, file, live) == live


def test_a_restart_annotation_survives():
    file = {"annotations": {"a": "1"}}
    live = {"annotations": {"a": "1", "restartedAt": "now"}}
    assert merge(file, file, live) == live


def test_containers_are_merged_by_name():
    file = containers({"name": "a", "image": "new"})
    live = containers({"name": "a", "image": "old", "tty": True}, {"name": "side", "image": "s"})
    assert merge({}, file, live) == containers(
        {"name": "a", "image": "new", "tty": True}, {"name": "side", "image": "s"}
    )


def test_a_container_that_leaves_the_file_is_removed():
    last = containers({"name": "a"}, {"name": "b"})
    assert merge(last, containers({"name": "b"}), last) == containers({"name": "b"})


def test_the_order_of_the_file_is_kept_and_live_items_stay_behind_their_neighbour():
    live = containers({"name": "a"}, {"name": "injected"}, {"name": "b"})
    file = containers({"name": "b"}, {"name": "a"})
    assert merge({}, file, live) == containers({"name": "b"}, {"name": "a"}, {"name": "injected"})


def test_ports_of_two_protocols_are_two_ports():
    ports = [{"containerPort": 53, "protocol": "UDP"}, {"containerPort": 53}]
    merged = merge({}, {"ports": ports}, {"ports": [{"containerPort": 53, "protocol": "TCP"}]})
    assert len(merged["ports"]) == 2


def test_service_ports_are_merged_by_port():
    live = {"ports": [{"port": 80, "protocol": "TCP", "nodePort": 30080}]}
    merged = merge({}, {"ports": [{"port": 80, "name": "web"}]}, live)
    assert merged["ports"] == [{"port": 80, "protocol": "TCP", "nodePort": 30080, "name": "web"}]


def test_mounts_are_merged_by_path():
    file = {"volumeMounts": [{"mountPath": "/a", "name": "new"}]}
    live = {"volumeMounts": [{"mountPath": "/a", "name": "old"}, {"mountPath": "/b", "name": "b"}]}
    assert [mount["name"] for mount in merge({}, file, live)["volumeMounts"]] == ["new", "b"]


def test_other_lists_are_replaced_as_a_whole():
    assert merge({}, {"args": ["x"]}, {"args": ["a", "b"]}) == {"args": ["x"]}


def test_a_list_with_a_repeated_key_is_replaced_as_a_whole():
    file = {"env": [{"name": "A", "value": "1"}, {"name": "A", "value": "2"}]}
    assert merge({}, file, {"env": [{"name": "B"}]}) == file


def test_a_volume_with_a_new_source_drops_the_old_one():
    last = {"volumes": [{"name": "v", "emptyDir": {}}]}
    file = {"volumes": [{"name": "v", "configMap": {"name": "c"}}]}
    live = {"volumes": [{"name": "v", "emptyDir": {"medium": "Memory"}, "other": 1}]}
    assert merge(last, file, live) == file


def test_a_variable_that_changes_from_value_to_source_loses_the_value():
    last = {"env": [{"name": "A", "value": "1"}]}
    file = {"env": [{"name": "A", "valueFrom": {"fieldRef": {"fieldPath": "metadata.name"}}}]}
    assert merge(last, file, last) == file


def test_nothing_that_is_passed_in_is_changed():
    values = [{"a": {"x": 1}}, {"a": {"y": 2}}, {"a": {"x": 1, "z": 3}}]
    before = copy.deepcopy(values)
    merge(*values)["a"]["y"] = 0
    assert values == before
