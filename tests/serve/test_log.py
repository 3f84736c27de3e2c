"""The log's lines: whole, in order, none lost."""

import json
import logging
import os
import subprocess
import sys
import threading
import time
from collections.abc import Iterator

import pytest

from pitchline.serve.log import PIECE, JsonLines, Lines

ENDED_AT_ONCE = """
import logging, logging.config
from pitchline.serve import log
logging.config.dictConfig(log.config())
for number in range(3000):
    log.request({"number": number})
logging.getLogger("pitchline.serve").info("the end")
import os
os._exit(0)
"""


@pytest.fixture
def pipe() -> Iterator[tuple[int, int]]:
    reading, writing = os.pipe()
    yield reading, writing
    os.close(reading)
    os.close(writing)


def test_lines_of_many_threads_come_whole_and_in_each_threads_order(
    pipe: tuple[int, int],
) -> None:
    reading, writing = pipe
    lines = Lines(writing)
    found: list[bytes] = []

    def read() -> None:
        left = b""
        while len(found) < 4 * 500:
            left += os.read(reading, 65536)
            *whole, left = left.split(b"\n")
            found.extend(whole)

    def tell(who: int) -> None:
        for number in range(500):
            lines.add(f"{who} {number} {'x' * (number % 90)}".encode())
            if number % 50 == 0:
                lines.flush()

    threads = [threading.Thread(target=tell, args=(who,)) for who in range(4)]
    reader = threading.Thread(target=read)
    for thread in (reader, *threads):
        thread.start()
    for thread in threads:
        thread.join()
    lines.flush()
    reader.join(20)
    assert len(found) == 4 * 500
    for who in range(4):
        own = [line.split(b" ") for line in found if line.startswith(f"{who} ".encode())]
        assert [int(number) for _, number, _ in own] == list(range(500))
        assert all(len(fill) == int(number) % 90 for _, number, fill in own)


def test_lines_are_written_soon_without_a_flush(pipe: tuple[int, int]) -> None:
    reading, writing = pipe
    lines = Lines(writing)
    lines.add(b"one")
    assert os.read(reading, 100) == b"one\n"
    lines.add(b"two")
    assert os.read(reading, 100) == b"two\n"


def test_no_piece_is_larger_than_a_pipe_takes_at_once_and_none_cuts_a_line(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    pieces: list[bytes] = []

    def write(descriptor: int, content: bytes) -> int:
        assert descriptor == 77
        pieces.append(content)
        return len(content)

    monkeypatch.setattr(os, "write", write)
    lines = Lines(77)
    told = [b"%d" % number * (number % 200 + 1) for number in range(300)] + [b"y" * 9000]
    for line in told:
        lines.add(line)
    lines.flush()
    assert b"".join(pieces) == b"".join(line + b"\n" for line in told)
    assert all(piece.endswith(b"\n") for piece in pieces)
    assert all(len(piece) <= PIECE for piece in pieces[:-1])


def test_a_log_that_nobody_reads_stops_nothing() -> None:
    reading, writing = os.pipe()
    os.close(reading)
    lines = Lines(writing)
    lines.add(b"unheard")
    lines.flush()
    os.close(writing)


def test_what_waits_is_written_before_a_later_record() -> None:
    done = subprocess.run(
        [sys.executable, "-c", ENDED_AT_ONCE], capture_output=True, check=True, timeout=60
    )
    told = [json.loads(line) for line in done.stderr.splitlines()]
    assert [line.get("number") for line in told[:-1]] == list(range(3000))
    assert told[-1]["message"] == "the end"


def test_a_record_is_one_line_with_its_trace() -> None:
    try:
        raise ValueError("two\nlines")
    except ValueError:
        told = sys.exc_info()
    record = logging.LogRecord("pitchline.serve", logging.ERROR, "x", 1, "a %s", ("\n",), told)
    record.told = {"request": "id-1"}
    text = JsonLines().format(record)
    assert "\n" not in text
    line = json.loads(text)
    assert (line["message"], line["level"], line["request"]) == ("a \n", "error", "id-1")
    assert line["process"] == os.getpid()
    assert line["trace"].endswith("ValueError: two\nlines")
    assert abs(time.time() - record.created) < 60
