import io
import json

import pytest
from rich.console import Console, Group

from minisets.cli.progress import (
    JsonScreen,
    PlainScreen,
    QuietScreen,
    TtyScreen,
    make_screen,
)
from minisets.cli.rows import (
    Style,
    broken_lines,
    render_bytes,
    render_line,
    render_rows,
    render_seconds,
    shorten,
)
from minisets.cli.terminal import has_unicode, wrap
from minisets.core.events import Progress

FRAME = "⠋"


class Time:
    def __init__(self):
        self.now = 100.0

    def __call__(self):
        return self.now


def step(state, subject="pod/web-0", **more):
    return Progress(subject=subject, state=state, **more)


def whole(ready, *, is_done=False, detail=""):
    return Progress(
        subject="sts/web",
        state="ready",
        current=ready,
        total=3,
        unit="pods",
        is_done=is_done,
        detail=detail,
    )


def draw(rows, *, width=60, height=24, is_ascii=False):
    file = io.StringIO()
    console = Console(file=file, width=width, color_system=None)
    console.print(Group(*render_rows(rows, frame=0, style=Style(is_ascii, width, height))))
    return [line.rstrip() for line in file.getvalue().splitlines()]


def test_plain_lines_are_one_per_change_of_state():
    lines: list[str] = []
    time = Time()
    screen = PlainScreen(clock=time, err=lines.append, out=lines.append)

    screen.progress(whole(0))
    screen.progress(step("creating"))
    time.now += 0.3
    screen.progress(step("waiting", detail="readiness probe"))
    screen.progress(step("waiting", detail="connection\nrefused"))
    time.now += 0.1
    screen.progress(step("ready", is_done=True))
    screen.progress(step("ready", is_done=True))
    screen.progress(whole(1))
    screen.progress(whole(3, is_done=True))
    time.now += 60
    screen.progress(step("stopping"))
    screen.notice("an old API version")
    screen.result("statefulset.apps/web created")

    assert lines == [
        "pod/web-0  creating",
        "pod/web-0  waiting: readiness probe  (0.3s)",
        "pod/web-0  ready  (0.4s)",
        "sts/web  3/3 ready  (0.4s)",
        "pod/web-0  stopping",
        "notice: an old API version",
        "statefulset.apps/web created",
    ]


def test_a_line_is_written_when_another_container_is_at_work():
    lines: list[str] = []
    screen = PlainScreen(clock=Time(), err=lines.append)

    for name, place in (("copy", 1), ("copy", 1), ("migrate", 2)):
        screen.progress(step("initializing", container=name, detail=f"{name}, {place} of 2"))

    assert lines == [
        "pod/web-0  initializing: copy, 1 of 2",
        "pod/web-0  initializing: migrate, 2 of 2",
    ]


def test_a_pull_that_is_over_tells_its_size():
    pulled = step(
        "pulled", "image/x", is_done=True, current=45_000_000, total=45_000_000, unit="bytes"
    )

    assert render_line(pulled, 3.0) == "image/x  pulled: 45.0 MB  (3.0s)"


def test_json_lines_tell_every_step():
    lines: list[str] = []
    screen = JsonScreen(clock=Time(), err=lines.append, out=lines.append)

    screen.progress(step("waiting", container="app", owner="sts/web", detail="readiness probe"))
    screen.progress(step("pulling", "image/x", current=5, total=10, unit="bytes"))
    screen.notice("n")
    screen.remark("r")
    screen.trace("GET", "/info")

    nothing = {"detail": "", "done": False, "elapsed": 0.0}
    assert [json.loads(line) for line in lines] == [
        {
            **nothing,
            "type": "progress",
            "subject": "pod/web-0",
            "state": "waiting",
            "detail": "readiness probe",
            "container": "app",
            "owner": "sts/web",
        },
        {
            **nothing,
            "type": "progress",
            "subject": "image/x",
            "state": "pulling",
            "current": 5,
            "total": 10,
            "unit": "bytes",
            "container": "",
            "owner": "",
        },
        {"type": "notice", "text": "n"},
        {"type": "remark", "text": "r"},
        {"type": "engine", "method": "GET", "path": "/info"},
    ]


def test_quiet_prints_results_only(capsys):
    screen = QuietScreen()

    screen.progress(step("creating"))
    screen.notice("n")
    screen.remark("r")
    screen.result("done")

    assert capsys.readouterr() == ("done\n", "")


@pytest.mark.parametrize(
    ("style", "kind"),
    [("tty", TtyScreen), ("plain", PlainScreen), ("json", JsonScreen), ("quiet", QuietScreen)],
)
def test_every_style_has_a_screen(style, kind):
    assert isinstance(make_screen(style), kind)


def test_rows_have_symbol_subject_state_time_and_detail():
    rows = [
        (whole(1, detail="web-1 is not ready"), 12.4),
        (step("ready", is_done=True, owner="sts/web"), 0.4),
        (step("waiting", "pod/web-1", detail="probe:\n no", owner="sts/web"), 12.0),
    ]

    assert draw(rows) == [
        f"{FRAME} sts/web     1/3 ready        12s  web-1 is not ready",
        "✓ pod/web-0   ready           0.4s",
        f"{FRAME} pod/web-1   waiting          12s  probe: no",
    ]


def test_the_pods_of_a_set_stand_below_it():
    rows = [
        (step("pulled", "image/x", is_done=True), 1.0),
        (step("creating", "pod/web-0", owner="sts/web"), 1.0),
        (step("creating", "pod/db-0", owner="sts/db"), 1.0),
        (whole(0), 1.0),
        (step("stopping", "pod/web-1", owner="sts/web"), 1.0),
    ]

    assert [line.split()[1] for line in draw(rows)] == [
        "image/x",
        "pod/db-0",
        "sts/web",
        "pod/web-0",
        "pod/web-1",
    ]


def test_ascii_rows_have_no_other_characters():
    rows = [
        (step("ready", is_done=True), 1),
        (step("waiting", "pod/" + "x" * 80, detail="d" * 80), 1),
        (step("pulling", "image/x", current=1, total=2, unit="bytes"), 1),
    ]

    lines = draw(rows, is_ascii=True, width=120)

    assert all(line.isascii() for line in lines)
    assert "##########---------- 1 B of 2 B" in lines[2]


@pytest.mark.parametrize("width", [8, 18, 24, 34, 40, 60, 80, 200])
def test_each_row_is_one_line_at_any_width(width):
    rows = [
        (step("waiting", "pod/a-very-long-name-of-a-set-12", detail="a long reason " * 19), 754.0),
        (
            step(
                "pulling",
                "image/registry.example/a/b:1",
                current=10**9,
                total=10**10,
                unit="bytes",
            ),
            3.0,
        ),
        (whole(2, detail="3 of 10 updated"), 3.0),
    ]

    lines = draw(rows, width=width)

    assert len(lines) == 3
    assert all(len(line) <= width for line in lines)


def test_where_bytes_have_no_room_a_share_is_told():
    pull = step(
        "pulling", "image/registry.example/etcd:3", current=55_000_000, total=10**8, unit="bytes"
    )

    assert draw([(pull, 3.0)], width=200)[0].endswith("55.0 MB of 100.0 MB")
    assert draw([(pull, 3.0)], width=60)[0].endswith("3.0s  55 %")


def test_what_is_cut_is_marked():
    rows = [(step("waiting", detail="a long reason " * 9), 3.0)]

    assert draw(rows, width=48) == [f"{FRAME} pod/web-0   waiting         3.0s  a long reas…"]
    assert draw(rows, width=48, is_ascii=True)[0].endswith("  a long rea..")
    assert draw(rows, width=30) == [f"{FRAME} pod/web-0   waiting    3.0s"]


@pytest.mark.parametrize(
    ("name", "width", "text"),
    [
        ("pod/web-0", 9, "pod/web-0"),
        ("pod/a-long-name-12", 14, "pod/a-lo…me-12"),
        ("image/registry.example/a/etcd:3.5", 18, "image/…/a/etcd:3.5"),
        ("pod/a-long-name-12", 2, "12"),
    ],
)
def test_names_keep_their_begin_and_their_ordinal(name, width, text):
    shown = shorten(name, width, "…")
    assert len(shown) == min(width, len(name))
    if width > 2:
        assert shown == text


def test_finished_rows_give_way_when_there_are_too_many():
    rows = [(whole(50), 1.0)]
    rows += [
        (step("ready", f"pod/web-{i}", is_done=True, owner="sts/web"), 1.0) for i in range(50)
    ]
    rows.append((step("creating", "pod/web-50", owner="sts/web"), 1.0))

    lines = draw(rows, height=10)

    assert len(lines) == 8
    assert "sts/web" in lines[0]
    assert "pod/web-49" in lines[-3]
    assert "pod/web-50" in lines[-2]
    assert "… 45 more" in lines[-1]


def terminal(width=60):
    """Return a screen on a terminal, what it draws, and the lines it writes beside."""
    file = io.StringIO()
    lines: list[str] = []
    time = Time()
    screen = TtyScreen(
        lambda: Console(file=file, force_terminal=True, width=width, color_system=None),
        clock=time,
        out=lines.append,
        err=lines.append,
    )
    return screen, file, lines, time


def test_rows_go_again_and_lines_stand_above_them():
    screen, file, lines, _ = terminal()

    screen.notice("before")
    screen.progress(step("creating"))
    screen.notice("above [bold]")
    screen.result("created")
    screen.progress(step("ready", is_done=True))
    screen.close()
    screen.remark("next")

    assert lines == ["notice: before", "created", "next"]
    assert "notice: above [bold]" in file.getvalue()
    assert "\x1b[2K" in file.getvalue()


def left(file):
    """Return what still stands below the rows that were taken away."""
    whole = file.getvalue().rpartition("\x1b[?25h")[2]
    return [line for line in whole.splitlines() if line]


def test_how_far_sets_are_stays_when_the_rows_go():
    screen, file, _, time = terminal()

    screen.progress(whole(0))
    screen.progress(step("creating", owner="sts/web"))
    time.now += 2
    screen.progress(whole(3, is_done=True))
    screen.result("scaled")
    assert left(file) == ["✓ sts/web     3/3 ready       2.0s"]
    screen.close()

    assert len(left(file)) == 1


def test_a_set_that_is_not_ready_in_the_end_says_why():
    screen, file, _, _ = terminal()

    screen.progress(whole(1, detail="web-1 is not ready"))
    screen.result("created")
    screen.progress(step("creating", owner="sts/web"))
    screen.close()

    assert left(file) == ["· sts/web     1/3 ready       0.0s  web-1 is not ready"]


@pytest.mark.parametrize(
    ("environ", "encoding", "is_fine"),
    [
        ({}, "utf-8", True),
        ({"LANG": "de_DE.UTF-8"}, "utf-8", True),
        ({"LANG": "de_DE.utf8", "LC_ALL": "C"}, "utf-8", False),
        ({"LANG": "C.UTF-8"}, "latin-1", False),
        ({"LANG": "C.UTF-8", "TERM": "linux"}, "utf-8", False),
    ],
)
def test_the_locale_says_which_characters_can_be_shown(monkeypatch, environ, encoding, is_fine):
    for name in ("LC_ALL", "LC_CTYPE", "LANG", "TERM"):
        monkeypatch.delenv(name, raising=False)
    for name, value in environ.items():
        monkeypatch.setenv(name, value)

    assert has_unicode(encoding) is is_fine


def test_prose_is_broken_between_words_and_what_is_set_in_stays():
    text = "notice: a long sentence about pods\n    a line of a log that is left as it is"

    assert wrap(text, 24).split("\n") == [
        "notice: a long sentence",
        "  about pods",
        "    a line of a log that is left as it is",
    ]
    assert wrap(text, None) == text
    assert wrap("word " * 9, 8) == "word " * 9


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(0, "0.0s"), (9.94, "9.9s"), (9.96, "10s"), (119, "119s"), (125, "2m05s")],
)
def test_times_are_short(seconds, text):
    assert render_seconds(seconds) == text


@pytest.mark.parametrize(
    ("current", "total", "text"),
    [
        (0, 0, ""),
        (500, 0, "500 B"),
        (12_300, 45_000_000, "12 kB of 45.0 MB"),
        (1_500_000_000, 2_000_000_000, "1.5 GB of 2.0 GB"),
        (45_000_000, 45_000_000, "45.0 MB, unpacking"),
    ],
)
def test_pulls_tell_their_bytes(current, total, text):
    assert render_bytes(step("pulling", current=current, total=total, unit="bytes")) == text


def test_rows_leave_nothing_behind_on_a_terminal_that_becomes_narrower(monkeypatch):
    monkeypatch.delenv("XTERM_VERSION", raising=False)
    file = io.StringIO()
    console = Console(file=file, force_terminal=True, width=60, color_system=None)
    screen = TtyScreen(lambda: console, clock=Time(), out=print, err=print)
    screen.progress(Progress(subject="pod/web-0", state="starting", detail="a reason " * 9))
    screen.notice("wide")
    before = file.getvalue()

    console.width = 20
    screen.notice("narrow")

    # The row was as wide as the terminal, and takes three lines by now.
    back = file.getvalue()[len(before) :].partition("pod/")[0]
    assert back.count("\x1b[1A") == 2
    screen.close()


def test_a_terminal_that_becomes_narrower_breaks_what_is_too_long():
    assert broken_lines([60, 20, 21, 0], 20) == 2 + 0 + 1 + 0
    assert broken_lines([60], 0) == 0
