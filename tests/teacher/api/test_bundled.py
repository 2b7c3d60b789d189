import asyncio
import contextlib
import json
import os
import signal
import socket
import sqlite3
import subprocess
import time
import urllib.request
from collections.abc import Iterator, Sequence
from pathlib import Path
from urllib.parse import urlsplit

import psutil
import pytest
from ruamel.yaml import YAML

from potstill.core.errors import FatalError, InputError
from potstill.core.params import Teacher
from potstill.core.records import Choice, Message, Request, write_rows
from potstill.teacher.api.bundled import MODEL, serve
from potstill.teacher.api.client import connect
from potstill.teacher.api.credentials import Credentials
from potstill.teacher.api.replies import Reply
from tests.project import command

ROOT = Path(__file__).parents[3]
TEACHER = Teacher(provider="local", model=MODEL, max_tokens=6)
QUESTIONS = (
    "Where does a cat sleep?\nA. on a sofa\nB. in a volcano",
    "What do you drink from?\nA. a hammer\nB. a cup",
    "Who flies a plane?\nA. a pilot\nB. a baker\nC. a farmer",
)


@pytest.fixture(scope="module")
def served() -> Iterator[Credentials]:
    with serve(MODEL) as credentials:
        yield credentials


def ask(credentials: Credentials, questions: Sequence[str]) -> list[Reply]:
    async def ask_in_turn() -> list[Reply]:
        client = connect(TEACHER, credentials, timeout_s=30)
        try:
            return [await client.complete([Message(role="user", content=text)]) for text in questions]
        finally:
            await client.close()

    return asyncio.run(ask_in_turn())


def is_listening(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def port_of(credentials: Credentials) -> int:
    port = urlsplit(credentials.endpoint).port
    assert port
    return port


def test_the_bundled_teacher_listens_on_loopback_only(served: Credentials) -> None:
    mine = listening(psutil.Process())

    assert urlsplit(served.endpoint).hostname == "127.0.0.1"
    assert [address for address, port in mine if port == port_of(served)] == ["127.0.0.1"]


def test_the_bundled_teacher_answers_through_the_client_of_real_ones(served: Credentials) -> None:
    (reply,) = ask(served, QUESTIONS[:1])

    assert reply.status in ("answered", "truncated")
    assert reply.content
    assert reply.model == MODEL
    assert reply.usage
    assert 0 < reply.usage.completion_tokens <= TEACHER.max_tokens < reply.usage.prompt_tokens


def test_the_bundled_teacher_refuses_another_key(served: Credentials) -> None:
    with pytest.raises(FatalError, match="status 401"):
        ask(Credentials(served.endpoint, "another key", "TEACHER_MODEL"), QUESTIONS[:1])


def test_the_same_questions_get_the_same_answers_in_any_order(served: Credentials) -> None:
    once = ask(served, QUESTIONS)
    again = ask(served, QUESTIONS[::-1])

    assert again[::-1] == once
    assert len({reply.content for reply in once}) > 1


def test_the_bundled_teacher_has_one_slot_and_sleeping_threads(served: Credentials) -> None:
    request = urllib.request.Request(f"{served.endpoint}/props", headers={"Authorization": f"Bearer {served.key}"})
    with urllib.request.build_opener(urllib.request.ProxyHandler({})).open(request, timeout=10) as answer:
        props = json.load(answer)

    assert props["total_slots"] == 1
    assert props["default_generation_settings"]["n_ctx"] == 4096
    assert os.environ["OMP_WAIT_POLICY"] == "passive"


def test_the_bundled_teacher_is_gone_after_its_block_even_with_an_error() -> None:
    with contextlib.suppress(KeyboardInterrupt), serve(MODEL) as credentials:
        assert is_listening(port_of(credentials))
        raise KeyboardInterrupt

    assert not is_listening(port_of(credentials))


def test_the_bundled_teacher_needs_no_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("NO_PROXY", "no_proxy"):
        monkeypatch.delenv(name, raising=False)
    for name in ("HTTP_PROXY", "http_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")  # nobody listens there
    urllib.request.install_opener(None)  # type: ignore[arg-type]  # it remembers the proxies of its first use

    with serve(MODEL) as credentials:
        assert ask(credentials, QUESTIONS[:1])


def test_another_model_is_refused_by_the_name_of_the_one_there_is() -> None:
    with pytest.raises(InputError, match=f"expected {MODEL}, got 'gpt-4o'"), serve("gpt-4o"):
        pass


@pytest.mark.usefixtures("clean_environment")
def test_ctrl_c_in_mid_run_leaves_nothing_listening_and_keeps_the_answers(tmp_path: Path) -> None:
    write_project(tmp_path)
    with subprocess.Popen(
        command("infer"),
        cwd=tmp_path,
        env=os.environ | {"PYTHONPATH": str(ROOT)},
        stderr=subprocess.PIPE,
        text=True,
    ) as run:
        ports = wait_until_asking(run, tmp_path / "journal.sqlite")
        run.send_signal(signal.SIGINT)
        _, errors = run.communicate(timeout=30)

    assert run.returncode == 130
    assert "stopped; every answer that came is kept" in errors
    assert "Traceback" not in errors
    assert ports
    assert not any(is_listening(port) for port in ports)


def write_project(folder: Path) -> None:
    """Make a project of 100 requests to the bundled teacher, which it takes a while to answer."""
    yaml = YAML()
    params = yaml.load(ROOT / "tests/params.yaml")
    params["teacher"] = "smollm2"
    params["teachers"]["smollm2"]["max_tokens"] = TEACHER.max_tokens
    yaml.dump(params, folder / "params.yaml")
    rows = [
        Request(
            id=f"{number}",
            question_id=f"{number}",
            question=f"What is {number} + 1?",
            choices=[Choice(label="A", text="1"), Choice(label="B", text="2")],
            answer=None,
            rotation=0,
            replicate=0,
            messages=[Message(role="user", content=f"What is {number} + 1?")],
        )
        for number in range(100)
    ]
    write_rows(folder / "data/requests/train.jsonl", rows)


def wait_until_asking(run: subprocess.Popen[str], journal: Path) -> list[int]:
    """Wait until the first answers are in the journal; return the ports that the run and its children listen on."""
    deadline = time.monotonic() + 30
    while count_answers(journal) < 2:
        if run.poll() is not None or time.monotonic() > deadline:
            raise AssertionError(f"the run did not get to its first answers; it ended with {run.poll()}")
        time.sleep(0.05)
    family = [psutil.Process(run.pid), *psutil.Process(run.pid).children(recursive=True)]
    return [port for process in family for _, port in listening(process)]


def count_answers(journal: Path) -> int:
    with (
        contextlib.suppress(sqlite3.Error),
        contextlib.closing(sqlite3.connect(f"file:{journal}?mode=ro", uri=True)) as rows,
    ):
        return int(rows.execute("SELECT count(*) FROM answers").fetchone()[0])
    return 0


def listening(process: psutil.Process) -> list[tuple[str, int]]:
    """Return the addresses and ports that a process listens on."""
    sockets = process.net_connections("tcp")
    return [(each.laddr.ip, each.laddr.port) for each in sockets if each.status == psutil.CONN_LISTEN]
