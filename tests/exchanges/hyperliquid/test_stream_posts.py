"""Requests over the socket: each is answered once, or lost once."""

from tests.exchanges.hyperliquid.streams import Response, Stream, answer


def test_an_answer_finds_its_request_and_only_that() -> None:
    stream = Stream()
    stream.open()
    first: list[Response | None] = []
    second: list[Response | None] = []
    one, two = stream.post(first), stream.post(second)
    assert stream.session.posts_in_flight == 2
    stream.hear(answer(two, {"status": "ok"}))
    assert (first, len(second)) == ([], 1)
    assert second[0] is not None
    assert bytes(second[0].payload) == b'{"status":"ok"}'
    stream.hear(answer(one, "422 no", "error"))
    assert first[0] is not None
    assert first[0].type == "error"
    assert stream.session.posts_in_flight == 0


def test_a_second_answer_to_one_request_is_nobodys() -> None:
    stream = Stream()
    stream.open()
    answers: list[Response | None] = []
    number = stream.post(answers)
    for _ in range(2):
        stream.hear(answer(number, {"status": "ok"}))
    assert len(answers) == 1


def test_a_request_that_is_forgotten_hears_nothing() -> None:
    stream = Stream()
    stream.open()
    answers: list[Response | None] = []
    number = stream.post(answers)
    stream.session.forget(number)
    stream.session.forget(number)
    stream.hear(answer(number, {}))
    stream.session.closed("gone")
    assert answers == []


def test_an_answer_to_nothing_is_harmless() -> None:
    stream = Stream()
    stream.open()
    stream.hear(answer(999, {}))
    assert stream.notes.told == ["ready"]


def test_with_the_connection_all_requests_are_lost_once() -> None:
    stream = Stream()
    stream.open()
    answers: list[Response | None] = []
    lost = [stream.post(answers) for _ in range(3)]
    stream.session.closed("gone")
    stream.session.closed("refused")
    assert answers == [None] * 3
    stream.open()
    again = stream.post(answers)
    assert again not in lost
    stream.hear(answer(lost[0], {}))
    assert answers == [None] * 3


def test_who_hears_of_its_loss_may_ask_again_at_once() -> None:
    stream = Stream()
    stream.open()
    answers: list[Response | None] = []

    def ask_again(_: Response | None) -> None:
        stream.post(answers)

    stream.session.post("info", b"{}", ask_again)
    stream.session.closed("gone")
    assert answers == []
    stream.session.closed("again")
    assert answers == [None]
