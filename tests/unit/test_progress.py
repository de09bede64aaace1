import io
import json

import pytest
from rich.console import Console

from minisets.cli.progress import (
    JsonScreen,
    PlainScreen,
    QuietScreen,
    TtyScreen,
    make_screen,
)
from minisets.cli.rows import render_bytes, render_rows, render_seconds
from minisets.core.events import Progress


class Time:
    def __init__(self):
        self.now = 100.0

    def __call__(self):
        return self.now


def step(state, subject="pod/web-0", **more):
    return Progress(subject=subject, state=state, **more)


def draw(rows, *, width=60, height=24, is_ascii=False):
    file = io.StringIO()
    console = Console(file=file, width=width, color_system=None)
    console.print(render_rows(rows, frame=0, is_ascii=is_ascii, width=width, height=height))
    return [line.rstrip() for line in file.getvalue().splitlines()]


def test_plain_lines_are_one_per_change_of_state():
    lines: list[str] = []
    time = Time()
    screen = PlainScreen(clock=time, err=lines.append, out=lines.append)

    screen.progress(step("creating"))
    time.now += 0.3
    screen.progress(step("waiting", detail="readiness probe"))
    screen.progress(step("waiting", detail="connection refused"))
    time.now += 0.1
    screen.progress(step("ready", is_done=True))
    screen.progress(step("ready", is_done=True))
    time.now += 60
    screen.progress(step("stopping"))
    screen.notice("an old API version")
    screen.result("statefulset.apps/web created")

    assert lines == [
        "pod/web-0  creating",
        "pod/web-0  waiting: readiness probe  (0.3s)",
        "pod/web-0  ready  (0.4s)",
        "pod/web-0  stopping",
        "notice: an old API version",
        "statefulset.apps/web created",
    ]


def test_json_lines_tell_every_step():
    lines: list[str] = []
    screen = JsonScreen(clock=Time(), err=lines.append, out=lines.append)

    screen.progress(step("pulling", "image/x", current=5, total=10))
    screen.notice("n")
    screen.remark("r")
    screen.trace("GET", "/info")

    assert [json.loads(line) for line in lines] == [
        {
            "type": "progress",
            "subject": "image/x",
            "state": "pulling",
            "detail": "",
            "done": False,
            "current": 5,
            "total": 10,
            "elapsed": 0.0,
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


def test_rows_have_symbol_subject_state_detail_and_time():
    assert draw(
        [(step("ready", is_done=True), 0.4), (step("waiting", "pod/web-1", detail="probe"), 12.0)]
    ) == ["✓  pod/web-0     ready           0.4s", "⠋  pod/web-1     waiting  probe  12s"]


def test_ascii_rows_have_no_other_characters():
    lines = draw([(step("ready", is_done=True), 1), (step("x" * 80), 1)], is_ascii=True)

    assert all(line.isascii() for line in lines)


def test_narrow_terminals_keep_one_line_per_row():
    rows = [(step("waiting", detail="a long reason " * 9), 3.0)] * 2

    assert draw(rows, width=34) == ["⠋  pod/web-0     waiting …  3.0s"] * 2
    assert draw(rows, width=34, is_ascii=True) == ["|  pod/web-0     waiting    3.0s"] * 2
    assert all("pod/we" in line and len(line) <= 18 for line in draw(rows, width=18))


def test_finished_rows_give_way_when_there_are_too_many():
    rows = [(step("ready", f"pod/web-{i}", is_done=True), 1.0) for i in range(50)]
    rows.append((step("creating", "pod/web-50"), 1.0))

    lines = draw(rows, height=10)

    assert len(lines) == 8
    assert "pod/web-50" in lines[-2]
    assert "… 44 more" in lines[-1]


def test_rows_leave_nothing_behind_and_lines_stand_above_them():
    file, time = io.StringIO(), Time()
    results: list[str] = []
    screen = TtyScreen(
        lambda: Console(file=file, force_terminal=True, width=60, color_system=None),
        clock=time,
        out=results.append,
        err=results.append,
    )

    screen.notice("before")
    screen.progress(step("creating"))
    screen.notice("above [bold]")
    screen.result("created")
    screen.progress(step("ready", is_done=True))
    screen.close()
    screen.remark("next")

    assert results == ["notice: before", "created", "next"]
    assert "notice: above [bold]" in file.getvalue()
    assert "\x1b[2K" in file.getvalue()


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
    ],
)
def test_pulls_tell_their_bytes(current, total, text):
    assert render_bytes(step("pulling", current=current, total=total)) == text
