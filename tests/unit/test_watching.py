from __future__ import annotations

from msgspec.structs import replace

from minisets.app.reading.views import ObjectView, PodView
from minisets.cli.output import parse_output
from minisets.cli.render import TableOptions
from minisets.cli.watching import Known, Printer
from minisets.core.query.kinds import CONFIG_MAP, POD
from tests.unit.test_render import NOW, WEB_0


def config(name: str, uid: str = "1", **data: str) -> ObjectView:
    return ObjectView(
        kind="ConfigMap",
        namespace="default",
        name=name,
        created=NOW - 5,
        object={"metadata": {"name": name, "uid": uid}, "data": data},
    )


def changes(known: Known, *views) -> list[tuple[str, str]]:
    return [(what, view.name) for what, view in known.take(views)]


def test_only_what_is_another_than_before_is_news():
    known = Known()
    a, b = config("a"), config("b")
    assert changes(known, a, b) == [("ADDED", "a"), ("ADDED", "b")]
    assert changes(known, config("a"), b) == []
    assert changes(known, config("a", key="x"), b) == [("MODIFIED", "a")]
    assert changes(known, b) == [("DELETED", "a")]
    assert changes(known, config("b", uid="2")) == [("DELETED", "b"), ("ADDED", "b")]


def test_a_pod_that_went_was_terminating():
    known = Known()
    list(known.take([WEB_0]))
    ((what, view),) = known.take([])
    assert what == "DELETED"
    assert isinstance(view, PodView)
    assert view.status == "Terminating"


def test_rows_go_on_under_the_columns_of_the_first_ones():
    printer = Printer(CONFIG_MAP, TableOptions(), has_events=False)
    first = list(printer.lines([("ADDED", config("name-of-some-length"))], NOW))
    assert first == ["NAME                  DATA   AGE", "name-of-some-length   0      5s"]
    assert list(printer.lines([("MODIFIED", config("b", x="1"))], NOW)) == [
        "b                     1      5s"
    ]


def test_events_stand_before_their_objects():
    table = Printer(POD, TableOptions(), has_events=True)
    assert list(table.lines([("ADDED", WEB_0)], NOW))[1].split()[:2] == ["ADDED", "web-0"]
    as_json = TableOptions(output=parse_output("json"))
    (text,) = Printer(CONFIG_MAP, as_json, has_events=True).lines([("DELETED", config("a"))], NOW)
    assert '"type": "DELETED"' in text


def test_whole_objects_are_parted_in_yaml():
    options = TableOptions(output=parse_output("yaml"))
    view = replace(config("a"), object={"kind": "ConfigMap"})
    assert list(Printer(CONFIG_MAP, options, has_events=False).lines([("ADDED", view)], NOW)) == [
        "---\nkind: ConfigMap"
    ]
