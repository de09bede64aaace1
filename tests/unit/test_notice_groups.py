from minisets.core.input.notice_groups import group_notices
from minisets.core.input.source import Notice


def _ignored(subject, *fields, line=1, reason="there is one machine", path="spec.x"):
    return Notice(
        message=reason, path=path, file="a.yaml", line=line, subject=subject, ignored=fields
    )


def _whole(kind, name, line=1):
    return _ignored(f"{kind.lower()}/{name}", kind, line=line, reason="no API", path="")


def test_notices_of_several_causes_stay_in_their_order():
    found = group_notices([_ignored("statefulset/a", "affinity"), _whole("Role", "r", line=9)])
    assert found == [
        "a.yaml:1: statefulset/a: affinity is ignored: there is one machine",
        "a.yaml:9: role/r is ignored: no API",
    ]


def test_fields_of_several_objects_that_are_ignored_for_one_reason_are_one_line():
    found = group_notices(
        [
            _ignored("statefulset/a", "affinity", line=3),
            _whole("Role", "r"),
            _ignored("statefulset/b", "affinity", "nodeSelector", line=30),
        ]
    )
    assert found[0] == (
        "a.yaml:3: statefulset/a and statefulset/b: affinity, nodeSelector are ignored: "
        "there is one machine"
    )
    assert len(found) == 2


def test_many_objects_are_counted():
    found = group_notices([_ignored(f"service/s{number}", "ports") for number in range(5)])
    assert found == [
        "a.yaml:1: service/s0, service/s1 and 3 more: ports is ignored: there is one machine"
    ]


def test_a_few_ignored_objects_are_named_and_many_are_counted_by_kind():
    few = [_whole("Role", "a"), _whole("Role", "b"), _whole("ServiceAccount", "a")]
    assert group_notices(few) == [
        "a.yaml:1: role/a, role/b and serviceaccount/a are ignored: no API"
    ]
    assert group_notices([*few, _whole("Role", "c")]) == [
        "a.yaml:1: Role (3) and ServiceAccount (1) are ignored: no API"
    ]


def test_what_is_said_of_several_objects_in_the_same_words_is_one_line():
    one = Notice(message="is kept", subject="storageclass/a", path="spec")
    two = Notice(message="is kept", subject="storageclass/b", path="spec")
    assert group_notices([one, two]) == ["storageclass/a and storageclass/b: spec: is kept"]


def test_what_is_said_twice_of_one_object_is_one_line():
    notice = Notice(message="has no key", subject="statefulset/a", file="a.yaml", line=3)
    again = Notice(message="has no key", subject="statefulset/a", file="a.yaml", line=7)
    assert group_notices([notice, again]) == ["a.yaml:3: statefulset/a: has no key"]


def test_a_notice_without_place_and_object_is_its_message():
    assert group_notices([Notice(message="hello")]) == ["hello"]
    assert group_notices([]) == []
