"""Whole runs on a cluster of two nodes, each with one processor and so one actor; left out where Ray is missing."""

import signal
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import psutil
import pytest

from tests.servers.teacher import Answer, TeacherServer, completion, refusal
from tests.teacher.light_project import KEY, LightProject, numbered

if TYPE_CHECKING:
    from ray.cluster_utils import Cluster

pytest.importorskip("potstill.teacher.cluster.client", exc_type=ModuleNotFoundError)

IN_FLIGHT = 80  # more than one actor takes
EACH = IN_FLIGHT // 2
ROWS = 600
STARTED_S = 300
STOPPED = "stopped; every answer that came is kept, and `make repro` asks only the rest"


@pytest.fixture(scope="module")
def cluster() -> Iterator["Cluster"]:
    from ray.cluster_utils import Cluster  # noqa: PLC0415 (an extra)

    cluster = Cluster(initialize_head=True, head_node_args={"num_cpus": 1, "include_dashboard": False})
    cluster.add_node(num_cpus=1)
    yield cluster
    cluster.shutdown()


@pytest.fixture
def on_ray(light: LightProject, cluster: "Cluster", monkeypatch: pytest.MonkeyPatch) -> LightProject:
    """A folder whose runs ask through the cluster."""
    monkeypatch.setenv("RAY_ADDRESS", cluster.address)
    light.configure(engine="ray", concurrency=IN_FLIGHT, timeout_s=30, max_failed_fraction=1)
    light.write_requests("train", numbered(ROWS))
    return light


def finish(light: LightProject) -> str:
    """Run the stage in a process of its own, which must end well, and return what it printed."""
    with light.start() as run:
        text = run.communicate(timeout=STARTED_S)[0]
    assert run.returncode == 0, text
    return text


def script(teacher: TeacherServer) -> None:
    """Let some questions meet what a server does besides answering."""
    teacher.script_for("question 3?", Answer(completion("", "length")))
    teacher.script_for("question 5?", refusal(429, headers={"Retry-After": "0"}))
    teacher.script_for("question 7?", refusal(503, headers={"Retry-After": "0"}))
    teacher.script_for("question 9?", refusal(400, "context_length_exceeded", "too long"))
    teacher.script_for("question 11?", Answer(completion(), fault="cut"))


def test_rows_and_counts_are_those_of_a_local_run_and_each_request_is_asked_once(
    on_ray: LightProject, monkeypatch: pytest.MonkeyPatch
) -> None:
    on_ray.write_requests("train", numbered(ROWS) + numbered(50))
    on_ray.teacher.default = Answer(completion(), delay_s=0.1)
    script(on_ray.teacher)
    text = finish(on_ray)
    written, log = on_ray.bytes_written(), on_ray.log()
    calls = Counter(on_ray.teacher.questions())

    on_ray.configure(engine="local", concurrency=IN_FLIGHT, max_failed_fraction=1)
    monkeypatch.setenv("POTSTILL_JOURNAL", str(on_ray.folder / "another.sqlite"))
    script(on_ray.teacher)
    local_text = finish(on_ray)

    assert on_ray.bytes_written() == written
    assert text == local_text
    for each in (log, local_log := on_ray.log()):
        del each["seconds"], each["requests_per_second"]
    assert log == local_log
    retried = {f"question {number}?": 2 for number in (5, 7, 11)}
    assert calls == Counter(numbered(ROWS)) | Counter(retried)


def find_actors() -> list[psutil.Process]:
    """Return the processes of the actors that there are."""
    processes = psutil.process_iter(["cmdline"])
    return [process for process in processes if (process.info["cmdline"] or [""])[0].startswith("ray::Worker")]


def find_ports(actor: psutil.Process, teacher: TeacherServer) -> set[int]:
    """Return the ports from which an actor is connected to the teacher."""
    connected = [each for each in actor.net_connections() if each.raddr]
    return {each.laddr.port for each in connected if each.raddr.port == urlsplit(teacher.endpoint).port}


def test_a_run_goes_on_when_its_only_actor_is_lost(on_ray: LightProject) -> None:
    on_ray.configure(engine="ray", concurrency=32, timeout_s=30)
    on_ray.write_requests("train", numbered(100))
    on_ray.teacher.default = Answer(completion(), delay_s=2)
    with on_ray.start() as run:
        while not (actors := [each for each in find_actors() if find_ports(each, on_ray.teacher)]):
            assert run.poll() is None
            time.sleep(0.1)
        (actor,) = actors
        actor.kill()
        text = run.communicate(timeout=STARTED_S)[0]
    assert run.returncode == 0, text
    assert {row.status for row in on_ray.responses()} == {"answered"}
    assert len(on_ray.teacher.questions()) <= 100 + 32


def test_what_a_lost_node_was_asking_is_asked_again_and_nothing_else(on_ray: LightProject, cluster: "Cluster") -> None:
    teacher = on_ray.teacher
    teacher.default = Answer(completion(), delay_s=3)
    (node,) = cluster.worker_nodes
    raylet = psutil.Process(node.all_processes["raylet"][0].process.pid)
    with on_ray.start() as run:
        while len(actors := find_actors()) < 2 or any(len(find_ports(actor, teacher)) < EACH / 2 for actor in actors):
            assert run.poll() is None
            time.sleep(0.1)
        (actor,) = (each for each in actors if raylet in each.parents())
        actor.suspend()
        ports = find_ports(actor, teacher)
        cluster.remove_node(node, allow_graceful=False)
        actor.kill()
        teacher.default = Answer(completion(), delay_s=0.1)
        cluster.add_node(num_cpus=1)
        text = run.communicate(timeout=STARTED_S)[0]

    assert run.returncode == 0, text
    assert [row.status for row in on_ray.responses()] == ["answered"] * ROWS
    calls = Counter(teacher.questions())
    assert set(calls) == set(numbered(ROWS))
    again = {question for question, count in calls.items() if count > 1}
    assert max(calls.values()) == 2
    assert 0 < len(again) < IN_FLIGHT
    assert len(again) <= len(ports)
    assert again <= {call.question for call in teacher.calls if call.peer and call.peer[1] in ports}
    assert on_ray.log()["retries"] == len(again)


def test_one_pace_holds_over_all_actors(on_ray: LightProject) -> None:
    per_second = 40.0
    on_ray.configure(engine="ray", concurrency=IN_FLIGHT, requests_per_minute=60 * per_second)
    on_ray.teacher.default = Answer(completion(), delay_s=1.5)

    finish(on_ray)

    arrivals = [call.at for call in on_ray.teacher.calls]
    assert on_ray.teacher.most_in_flight > EACH  # more than one actor's
    assert (ROWS - 1) / (max(arrivals) - min(arrivals)) == pytest.approx(per_second, rel=0.05)


def test_actors_of_two_endpoints_find_room_where_those_of_one_would(
    on_ray: LightProject, monkeypatch: pytest.MonkeyPatch
) -> None:
    east = on_ray.teacher
    east.default = Answer(completion(), delay_s=0.1)
    with TeacherServer() as west:
        west.default = east.default
        for prefix, endpoint in (("EAST", east.endpoint), ("WEST", west.endpoint)):
            monkeypatch.setenv(f"{prefix}_ENDPOINT", endpoint)
            monkeypatch.setenv(f"{prefix}_KEY", KEY)
        on_ray.configure(credentials=["EAST", "WEST"], engine="ray", concurrency=256, timeout_s=30)
        finish(on_ray)

    assert Counter(east.questions() + west.questions()) == Counter(numbered(ROWS))
    assert min(len(east.calls), len(west.calls)) > ROWS / 4


def test_a_driver_that_was_killed_leaves_no_actor_asking_and_what_it_kept_is_not_asked_again(
    on_ray: LightProject,
) -> None:
    on_ray.teacher.default = Answer(completion(), delay_s=0.5)
    with on_ray.start() as run:
        on_ray.wait_for_calls(3 * IN_FLIGHT)
        run.kill()
        run.communicate(timeout=60)

    finish(on_ray)

    calls = Counter(on_ray.teacher.questions())
    assert set(calls) == set(numbered(ROWS))
    assert 0 < calls.total() - ROWS <= IN_FLIGHT
    assert on_ray.log()["asked"] == calls.total() - on_ray.log()["from_journal"] - (calls.total() - ROWS)
    assert [row.status for row in on_ray.responses()] == ["answered"] * ROWS


def test_ctrl_c_ends_the_work_of_the_cluster_and_keeps_what_was_in_flight(on_ray: LightProject) -> None:
    on_ray.teacher.default = Answer(completion(), delay_s=0.5)
    with on_ray.start() as run:
        on_ray.wait_for_calls(2 * IN_FLIGHT)
        run.send_signal(signal.SIGINT)
        text = run.communicate(timeout=STARTED_S)[0]

    assert run.returncode == 130
    assert text.splitlines()[-1] == STOPPED
    asked = len(on_ray.teacher.calls)
    assert asked < ROWS
    assert on_ray.log()["answered"] == asked
    finish(on_ray)
    assert Counter(on_ray.teacher.questions()) == Counter(numbered(ROWS))


def test_a_refused_key_ends_the_run_with_the_sentence_of_a_local_run(on_ray: LightProject) -> None:
    on_ray.teacher.default = refusal(401)
    with on_ray.start() as run:
        text = run.communicate(timeout=STARTED_S)[0]
    assert run.returncode == 1

    on_ray.configure(engine="local", concurrency=IN_FLIGHT)

    assert text.splitlines()[-1] == on_ray.refuse()
    assert len(on_ray.teacher.calls) <= 2 * IN_FLIGHT


def test_the_key_stands_in_no_log_of_the_cluster(on_ray: LightProject, cluster: "Cluster") -> None:
    script(on_ray.teacher)
    finish(on_ray)

    session = Path(cluster.head_node.get_session_dir_path())
    files = [file for file in session.rglob("*") if file.is_file()]
    assert len(list(session.glob("logs/worker-*"))) > 1
    assert [str(file) for file in files if KEY.encode() in file.read_bytes()] == []


def test_without_an_address_a_cluster_of_this_machine_is_used(
    on_ray: LightProject, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("RAY_ADDRESS")
    finish(on_ray)
    assert Counter(on_ray.teacher.questions()) == Counter(numbered(ROWS))


@pytest.mark.parametrize(
    ("address", "sentence"),
    [
        ("127.0.0.1:1", "RAY_ADDRESS: 127.0.0.1:1 cannot be reached ([Errno 111] Connection refused); start the"),
        ("ray://127.0.0.1:10001", "RAY_ADDRESS: expected HOST:PORT of a cluster that this machine is a node of, or"),
        ("somewhere", "RAY_ADDRESS: expected HOST:PORT of a cluster that this machine is a node of, or auto, got"),
    ],
    ids=["nobody-listens", "a-client's", "no-port"],
)
def test_an_address_without_a_cluster_ends_the_run_in_a_sentence(
    light: LightProject, monkeypatch: pytest.MonkeyPatch, address: str, sentence: str
) -> None:
    monkeypatch.setenv("RAY_ADDRESS", address)
    light.configure(engine="ray")
    assert sentence in light.refuse()
    assert light.teacher.calls == []
