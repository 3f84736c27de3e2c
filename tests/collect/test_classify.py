"""What an answer means: data, a gate in front of the site, or a failure of some kind."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pitchline.collect.classify import (
    SNIFFED,
    by_status,
    data_answer,
    is_gate,
    is_html,
    page_answer,
)
from pitchline.collect.source import Answer, Outcome

PAGE = b"<!DOCTYPE html><html><head><title>Scores</title></head><body>%s</body></html>"
GATE = PAGE % b"Just a moment... Checking your browser"
MARKS = b'<table class="stats_table"'


def answer(status: int, body: bytes = b"{}") -> Answer:
    return Answer("https://host/x", status, {}, body)


@pytest.mark.parametrize(
    ("status", "outcome"),
    [
        (200, None),
        (304, Outcome.NOT_MODIFIED),
        (401, Outcome.UNAUTHORIZED),
        (403, Outcome.FORBIDDEN),
        (404, Outcome.NOT_FOUND),
        (410, Outcome.NOT_FOUND),
        (429, Outcome.RATE_LIMITED),
        (500, Outcome.SERVER_ERROR),
        (502, Outcome.SERVER_ERROR),
        (503, Outcome.SERVER_ERROR),
        (599, Outcome.SERVER_ERROR),
        (201, Outcome.UNEXPECTED),
        (204, Outcome.UNEXPECTED),
        (206, Outcome.UNEXPECTED),
        (301, Outcome.UNEXPECTED),
        (400, Outcome.UNEXPECTED),
        (418, Outcome.UNEXPECTED),
        (451, Outcome.UNEXPECTED),
    ],
)
def test_a_status_has_one_meaning(status: int, outcome: Outcome | None) -> None:
    assert by_status(answer(status)) is outcome
    assert data_answer(answer(status)) is (outcome or Outcome.OK)
    assert page_answer(answer(status, MARKS), MARKS) is (outcome or Outcome.OK)


@pytest.mark.parametrize("status", [403, 503])
@pytest.mark.parametrize("body", [GATE, b"Access denied", b'{"message":"captcha required"}'])
def test_a_refusal_that_asks_for_a_person_is_a_challenge(status: int, body: bytes) -> None:
    assert by_status(answer(status, body)) is Outcome.CHALLENGE
    assert data_answer(answer(status, body)) is Outcome.CHALLENGE
    assert page_answer(answer(status, body), MARKS) is Outcome.CHALLENGE


@pytest.mark.parametrize("status", [401, 404, 429, 500])
def test_other_statuses_mean_the_same_behind_a_gate(status: int) -> None:
    assert by_status(answer(status, GATE)) is by_status(answer(status))


@pytest.mark.parametrize(
    ("body", "outcome"),
    [
        (b'{"matches": []}', Outcome.OK),
        (b"Date,Home,Away\n", Outcome.OK),
        (b"", Outcome.OK),
        # Words of a gate inside of data are data.
        (b'{"news": "Access denied to the stadium: captcha"}', Outcome.OK),
        (b"<?xml version='1.0'?><a/>", Outcome.OK),
        (GATE, Outcome.CHALLENGE),
        (b"\xef\xbb\xbf\r\n\t " + GATE, Outcome.CHALLENGE),
        (PAGE % b"We are back soon", Outcome.UNEXPECTED),
        (b"<HTML>maintenance", Outcome.UNEXPECTED),
        (b"<!-- cached --><p>hello", Outcome.UNEXPECTED),
    ],
)
def test_a_page_in_the_place_of_data_is_no_data(body: bytes, outcome: Outcome) -> None:
    assert data_answer(answer(200, body)) is outcome


@pytest.mark.parametrize(
    ("body", "outcome"),
    [
        (PAGE % (MARKS + b"></table>"), Outcome.OK),
        # A page of data may speak of gates.
        (PAGE % (b"turnstile captcha" + MARKS), Outcome.OK),
        (GATE, Outcome.CHALLENGE),
        (b"Access denied", Outcome.CHALLENGE),
        (PAGE % b"We are back soon", Outcome.UNEXPECTED),
        (b"", Outcome.UNEXPECTED),
        (b"{}", Outcome.UNEXPECTED),
    ],
)
def test_a_page_of_data_has_its_marks(body: bytes, outcome: Outcome) -> None:
    assert page_answer(answer(200, body), MARKS) is outcome


@pytest.mark.parametrize(
    "words",
    [
        b"Just a moment",
        b"VERIFY YOU ARE HUMAN",
        b"checking your browser",
        b"Ray ID: 8a",
        b"cf-challenge",
        b"__cf_chl_tk",
        b"Please stand by",
        b"turnstile",
        b"reCAPTCHA",
        b"Access Denied",
        b"unusual traffic",
    ],
)
def test_a_gate_is_known_by_its_words(words: bytes) -> None:
    assert is_gate(PAGE % words)
    assert is_gate(words)
    assert is_gate(PAGE % (b" " * (2 * SNIFFED) + words))
    assert not is_gate(words + b" " * SNIFFED)
    assert not is_gate(PAGE % (b" " * (5 * SNIFFED) + words))


@given(st.integers(100, 999), st.binary(max_size=80) | st.sampled_from([GATE, PAGE, MARKS]))
def test_every_answer_has_a_meaning_and_only_200_is_data(status: int, body: bytes) -> None:
    for outcome in (data_answer(answer(status, body)), page_answer(answer(status, body), MARKS)):
        assert isinstance(outcome, Outcome)
        assert (outcome is not Outcome.OK) or status == 200
    if is_html(body):
        assert data_answer(answer(200, body)) is not Outcome.OK
