import pytest

from minisets.engine.docker_streams import demultiplex

STREAM = bytes([1, 0, 0, 0, 0, 0, 0, 4]) + b"one\n" + bytes([2, 0, 0, 0, 0, 0, 0, 3]) + b"two"


@pytest.mark.parametrize("size", [1, 3, 8, 11, 100])
def test_frames_come_whole_however_the_stream_is_cut(size):
    chunks = (STREAM[at : at + size] for at in range(0, len(STREAM), size))

    assert list(demultiplex(chunks)) == [("stdout", b"one\n"), ("stderr", b"two")]


def test_a_frame_that_is_cut_off_is_left_out():
    assert list(demultiplex([STREAM[:-1]])) == [("stdout", b"one\n")]
