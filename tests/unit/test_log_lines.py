import pytest

from minisets.core.observed import ContainerDetail, ContainerStatus
from minisets.core.query.log_lines import (
    LineJoiner,
    LogLine,
    LogWindow,
    Resumption,
    later,
    merge,
    parse_stamp,
    present_run,
    previous_run,
    split_stamp,
)


def at(seconds: int) -> str:
    return f"2026-01-31T12:00:{seconds:02}.000000000Z"


def line(seconds: int, text: str = "x", pod: str = "web-0") -> LogLine:
    return LogLine(pod=pod, container="server", stamp=at(seconds), text=text.encode())


def detail(*, started: float, finished: float) -> ContainerDetail:
    return ContainerDetail(
        id="1",
        name="web-0",
        status=ContainerStatus.RUNNING,
        started_at=started,
        finished_at=finished,
        restart_count=0,
        exit_code=0,
        oom_killed=False,
        error="",
    )


def joined(*entries: tuple[str, bytes]) -> list[tuple[str, bytes]]:
    joiner = LineJoiner("web-0", "server")
    lines = [one for output, entry in entries for one in joiner.feed(output, entry)]
    return [(one.stamp, one.text) for one in [*lines, *joiner.end()]]


def test_an_entry_is_its_time_and_its_text():
    assert split_stamp(f"{at(1)} a b\n".encode()) == (at(1), b"a b\n")
    assert split_stamp(f"{at(1)} ".encode()) == (at(1), b"")
    assert split_stamp(b"no time here\n") == ("", b"no time here\n")


def test_pieces_of_a_long_line_become_one_line_with_the_time_of_the_first():
    assert joined(
        ("stdout", f"{at(1)} begin ".encode()),
        ("stderr", f"{at(2)} between\n".encode()),
        ("stdout", f"{at(3)} end\n".encode()),
    ) == [(at(2), b"between\n"), (at(1), b"begin end\n")]


def test_a_last_line_without_an_end_is_kept():
    assert joined(("stdout", f"{at(1)} prompt$".encode())) == [(at(1), b"prompt$")]


def test_output_of_a_terminal_comes_in_pieces_of_any_size():
    whole = f"{at(1)} one\r\n{at(2)} two\r\n".encode()
    assert joined(("stdout", whole)) == [(at(1), b"one\r\n"), (at(2), b"two\r\n")]


def test_a_line_that_never_ends_is_passed_on_in_pieces():
    piece = f"{at(1)} ".encode() + b"x" * (1 << 20)
    lines = joined(("stdout", piece), ("stdout", f"{at(2)} y\n".encode()))
    assert [len(text) for _, text in lines] == [1 << 20, 2]


def test_lines_of_several_pods_come_in_the_order_of_their_times():
    merged = merge([[line(1), line(4)], [line(2, pod="web-1"), line(3, pod="web-1")]])
    assert [one.stamp for one in merged] == [at(1), at(2), at(3), at(4)]


def test_a_connection_made_anew_repeats_nothing_and_loses_nothing():
    resumption = Resumption()
    resumption.begin()
    first = [line(1, "a"), line(3, "b"), line(2, "other output"), line(3, "c")]
    assert [resumption.is_new(one) for one in first] == [True] * 4
    assert resumption.since == pytest.approx(parse_stamp(at(3)) - 0.1)
    resumption.begin()
    again = [*first, line(3, "d"), line(4, "e")]
    assert [one.text for one in again if resumption.is_new(one)] == [b"d", b"e"]


def test_nothing_was_seen_at_first():
    assert Resumption().since is None


def test_what_is_older_than_what_is_remembered_is_not_new():
    resumption = Resumption()
    lines = [line(number // 50, f"{number}") for number in range(2000)]
    assert all(resumption.is_new(one) for one in lines)
    resumption.begin()
    assert not any(resumption.is_new(one) for one in lines)


def test_stamps_are_times():
    assert parse_stamp("1970-01-01T00:00:01.250000000Z") == 1.25


def test_the_only_run_has_no_limits_and_no_previous_one():
    only = detail(started=100, finished=0)
    assert present_run(only) == LogWindow()
    assert previous_run(only) is None


def test_runs_are_told_apart_where_the_container_was_down():
    second = detail(started=200, finished=100)
    assert present_run(second) == LogWindow(since=150)
    assert previous_run(second) == LogWindow(until=150)


def test_of_a_container_that_is_down_the_last_run_is_the_present_and_the_previous_one():
    down = detail(started=100, finished=200)
    assert present_run(down) == previous_run(down) == LogWindow(since=99.95)


def test_a_run_that_ended_before_the_engine_had_noted_its_start_is_one_run():
    moment = detail(started=100.0, finished=99.99)
    assert present_run(moment) == previous_run(moment) == LogWindow(since=99.95)


def test_a_window_is_never_widened():
    window = LogWindow(since=5, until=9)
    assert later(window, None) == later(window, 4) == window
    assert later(window, 6) == LogWindow(since=6, until=9)
