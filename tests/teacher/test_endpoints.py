"""Several endpoints of one teacher: two servers on loopback, one by its address and one by its name."""

import re
from collections import Counter
from collections.abc import Iterator
from threading import Thread, Timer
from time import monotonic, sleep
from urllib.parse import urlsplit

import pytest

from potstill.teacher.store.journal import Journal
from tests.servers.teacher import Answer, TeacherServer, completion, refusal
from tests.teacher.light_project import KEY, LightProject, numbered

EAST, WEST = "127.0.0.1", "localhost"
WARNING = r"warning: localhost does not answer \(.*{}.*\); its calls go to the teacher's other endpoints, .*"


@pytest.fixture
def east(light: LightProject, west: TeacherServer, monkeypatch: pytest.MonkeyPatch) -> TeacherServer:
    """The teacher of the light project, which now has `west` as well."""
    for prefix, endpoint in (("EAST", light.teacher.endpoint), ("WEST", west.endpoint.replace(EAST, WEST))):
        monkeypatch.setenv(f"{prefix}_ENDPOINT", endpoint)
        monkeypatch.setenv(f"{prefix}_KEY", KEY)
    light.configure(credentials=["EAST", "WEST"])
    return light.teacher


@pytest.fixture
def west() -> Iterator[TeacherServer]:
    with TeacherServer() as server:
        yield server


def answer_within(per_minute: int, delay_s: float = 0.05) -> Answer:
    return Answer(completion(), headers={"x-ratelimit-limit-requests": str(per_minute)}, delay_s=delay_s)


def is_whole(light: LightProject) -> bool:
    """Return whether each row was answered."""
    return {row.status for row in light.responses()} == {"answered"}


def seconds_of(*servers: TeacherServer) -> float:
    """Return the time from the first call to the last."""
    arrivals = [call.at for server in servers for call in server.calls]
    return max(arrivals) - min(arrivals)


def stop_after(server: TeacherServer, calls: int) -> None:
    """Stop a server in mid-run, or after 10 s at most."""
    deadline = monotonic() + 10
    while len(server.calls) < calls and monotonic() < deadline:
        sleep(0.005)
    server.stop()


def test_calls_are_shared_as_each_endpoint_allows(
    light: LightProject, east: TeacherServer, west: TeacherServer
) -> None:
    light.configure(credentials=["EAST", "WEST"], concurrency=8)
    light.write_requests("train", numbered(100))
    east.default, west.default = answer_within(1200), answer_within(2400)

    light.succeed()

    assert is_whole(light)
    assert len(east.calls) + len(west.calls) == 100
    assert 25 <= len(east.calls) <= 45
    assert 50 < 99 / seconds_of(east, west) < 70  # of 20 and 40 calls a second


def test_an_endpoint_that_must_be_waited_for_holds_up_nobody(
    light: LightProject, east: TeacherServer, west: TeacherServer
) -> None:
    light.write_requests("train", numbered(100))
    east.default, west.default = answer_within(60), Answer(completion(), delay_s=0.01)

    light.succeed()

    assert is_whole(light)
    assert seconds_of(east, west) < 2
    assert len(east.calls) <= 6


def test_a_request_waits_where_it_was_told_to_even_while_others_are_asked_there(
    light: LightProject, east: TeacherServer, west: TeacherServer
) -> None:
    light.configure(credentials=["EAST", "WEST"], concurrency=2)
    light.write_requests("train", [*numbered(3), "throttled?", "other?"])
    east.default, west.default = Answer(completion(), delay_s=0.1), answer_within(60, delay_s=0.01)
    east.script_for("throttled?", refusal(429, headers={"retry-after-ms": "600"}))

    light.succeed()

    first, second = sorted(call.at for call in east.calls + west.calls if call.question == "throttled?")
    assert second - first > 0.5
    assert "other?" in east.questions()


def test_the_journal_has_where_each_answer_came_from_and_the_rows_have_not(
    light: LightProject, east: TeacherServer, west: TeacherServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    east.default = west.default = Answer(completion(), delay_s=0.05)

    run = light.succeed()

    assert run.stderr == ""  # no warning that the answers come from two endpoints
    assert light.log()["endpoint_host"] == f"{EAST}, {WEST}"
    assert min(len(east.calls), len(west.calls)) > 0
    with Journal(light.folder.parent / "journal.sqlite") as journal:
        hosts = Counter(host for (host,) in journal.read("SELECT endpoint_host FROM answers"))
    assert hosts == {EAST: len(east.calls), WEST: len(west.calls)}
    rows = light.bytes_written()
    light.configure()
    monkeypatch.setenv("POTSTILL_ASK", "never")  # the keys are those of one endpoint
    assert "the answers come from 2 endpoints" in light.succeed().stderr
    assert light.bytes_written() == rows


def test_an_endpoint_that_dies_takes_no_row_along(
    light: LightProject, east: TeacherServer, west: TeacherServer
) -> None:
    light.configure(credentials=["EAST", "WEST"], concurrency=8)
    light.write_requests("train", numbered(200))
    east.default = west.default = Answer(completion(), delay_s=0.05)
    dying = Thread(target=stop_after, args=(west, 20))
    dying.start()

    run = light.succeed()

    dying.join()
    assert is_whole(light)
    asked = Counter(east.questions() + west.questions())
    assert set(asked) == set(numbered(200))
    assert asked.total() - 200 <= west.most_in_flight
    assert re.fullmatch(WARNING.format(""), run.stderr.strip())


def test_an_endpoint_that_nobody_reached_is_warned_of_and_gets_calls_once_it_is_there(
    light: LightProject, east: TeacherServer, west: TeacherServer
) -> None:
    light.configure(credentials=["EAST", "WEST"], max_attempts=1)
    light.write_requests("train", numbered(100))
    east.default = Answer(completion(), delay_s=0.05)
    west.stop()
    back = TeacherServer(port=urlsplit(west.endpoint).port or 0)
    coming = Timer(0.3, back.__enter__)
    coming.start()
    try:
        run = light.succeed()
    finally:
        coming.join()
        back.stop()

    assert is_whole(light)
    assert re.fullmatch(WARNING.format("connection refused"), run.stderr.strip())
    assert len(back.calls) > 10
    assert len(east.calls) + len(back.calls) == 100


def test_endpoints_that_nobody_reaches_are_all_named(
    light: LightProject, east: TeacherServer, west: TeacherServer
) -> None:
    east.stop()
    west.stop()
    assert re.search(
        r"127.0.0.1 cannot be reached \(.*\), localhost cannot be reached \(.*\); check the endpoints", light.refuse()
    )


@pytest.mark.parametrize(
    "answer",
    [
        pytest.param(refusal(503), id="errors"),
        pytest.param(Answer(fault="hang"), id="silence"),
        pytest.param(refusal(429, headers={"Retry-After": "86400"}), id="no calls today"),
    ],
)
def test_an_endpoint_that_gives_no_answers_gets_few_calls(
    light: LightProject, east: TeacherServer, west: TeacherServer, answer: Answer
) -> None:
    light.configure(credentials=["EAST", "WEST"], concurrency=8, timeout_s=0.5, max_attempts=3)
    light.write_requests("train", numbered(300))
    east.default, west.default = Answer(completion(), delay_s=0.02), answer

    run = light.succeed()

    assert is_whole(light)
    assert len(west.calls) <= 20
    assert seconds_of(east, west) < 3  # no request waits for it, however long it asks to
    assert re.fullmatch(WARNING.format(""), run.stderr.strip())


@pytest.mark.parametrize(
    ("status", "advice"),
    [(401, "check WEST_KEY"), (403, "check that WEST_KEY may use this model"), (404, "check WEST_ENDPOINT and the")],
)
def test_an_endpoint_that_no_call_can_mend_stops_all_and_what_came_is_kept(
    light: LightProject, east: TeacherServer, west: TeacherServer, status: int, advice: str
) -> None:
    light.write_requests("train", numbered(100))
    east.default, refused = Answer(completion(), delay_s=0.02), refusal(status)
    west.script(*[Answer(completion())] * 2)
    west.default = Answer(refused.body, status, delay_s=0.1)

    sentence = light.refuse()

    assert advice in sentence
    kept = int(re.search(r"; (\d+) answers are kept", sentence)[1])
    assert kept == light.log()["answered"] == len(east.calls) + 2
    assert len(east.calls) < 50  # far from all
