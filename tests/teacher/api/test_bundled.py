import asyncio
import contextlib
import hashlib
import json
import os
import signal
import socket
import subprocess
import time
import urllib.request
from collections.abc import Iterator, Sequence
from pathlib import Path
from urllib.parse import urlsplit

import psutil
import pytest

from potstill.core.catalogues import Teacher
from potstill.core.errors import FatalError, InputError, RefusedFieldError, RejectedError
from potstill.core.letters import letter_choices
from potstill.core.records import Chat, Message
from potstill.reading.extraction import read_structured
from potstill.teacher.api.bundled import MODEL, find_bundled_weights, serve
from potstill.teacher.api.client import connect
from potstill.teacher.api.credentials import Credentials
from potstill.teacher.api.replies import Reply
from potstill.teacher.store.journal import Journal
from tests.conftest import Workspace
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
    with serve(TEACHER) as credentials:
        yield credentials


def ask(
    credentials: Credentials, questions: Sequence[str], teacher: Teacher = TEACHER, letters: str | None = None
) -> list[Reply]:
    async def ask_in_turn() -> list[Reply]:
        client = connect(teacher, credentials, timeout_s=30)
        try:
            return [await client.complete(Chat([Message(role="user", content=text)], letters)) for text in questions]
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
    sockets = [each.laddr for each in psutil.Process().net_connections("tcp") if each.status == psutil.CONN_LISTEN]

    assert urlsplit(served.endpoint).hostname == "127.0.0.1"
    assert [address.ip for address in sockets if address.port == port_of(served)] == ["127.0.0.1"]


def test_the_bundled_teacher_answers_through_the_client_of_real_ones(served: Credentials) -> None:
    (reply,) = ask(served, QUESTIONS[:1])

    assert reply.status in ("answered", "truncated")
    assert reply.content
    assert reply.model == MODEL
    assert reply.usage
    assert 0 < reply.usage.completion_tokens <= TEACHER.max_tokens < reply.usage.prompt_tokens


def test_the_bundled_teacher_is_held_to_an_object_with_a_letter_shown(served: Credentials) -> None:
    replies = ask(served, QUESTIONS, TEACHER.model_copy(update={"max_tokens": 40}), "BC")

    read = [read_structured(reply.content or "", letter_choices(["one", "two", "three"])) for reply in replies]
    assert {extraction.letter for extraction in read} <= {"B", "C"}


def test_the_bundled_teacher_refuses_a_field_by_its_name(served: Credentials) -> None:
    with pytest.raises(RefusedFieldError) as raised:
        ask(served, QUESTIONS[:1], TEACHER.model_copy(update={"extras": {"n": 5}}))

    assert raised.value.field == "n"


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
    with contextlib.suppress(KeyboardInterrupt), serve(TEACHER) as credentials:
        assert is_listening(port_of(credentials))
        raise KeyboardInterrupt

    assert not is_listening(port_of(credentials))


def test_the_bundled_teacher_needs_no_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("NO_PROXY", "no_proxy"):
        monkeypatch.delenv(name, raising=False)
    for name in ("HTTP_PROXY", "http_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")  # nobody listens there
    urllib.request.install_opener(None)  # type: ignore[arg-type]  # it remembers the proxies of its first use

    with serve(TEACHER) as credentials:
        assert ask(credentials, QUESTIONS[:1])


def test_another_model_is_refused_by_the_name_of_the_one_there_is() -> None:
    other = TEACHER.model_copy(update={"model": "gpt-4o"})
    with pytest.raises(InputError, match=f"expected {MODEL}, or weights and sha256 .*, got 'gpt-4o'"), serve(other):
        pass


def state_weights(path: Path) -> Teacher:
    sha256 = hashlib.sha256(path.read_bytes()).hexdigest() if path.is_file() else "0" * 64
    return Teacher(provider="local", model="student", weights=str(path), sha256=sha256, max_tokens=6)


def test_weights_are_served_under_the_name_that_they_are_given_and_asked_in_their_own_words(tmp_path: Path) -> None:
    weights = find_bundled_weights().read_bytes()
    template = b"You are a helpful AI assistant named SmolLM"
    assert template in weights
    (tmp_path / "mine.gguf").write_bytes(weights.replace(template, b"You say banana".ljust(len(template))))
    with serve(TEACHER) as credentials:
        bundled = ask(credentials, QUESTIONS)
    with serve(state_weights(tmp_path / "mine.gguf")) as credentials:
        mine = ask(credentials, QUESTIONS)

    assert {reply.model for reply in mine} == {"student"}
    assert [reply.content for reply in mine] != [reply.content for reply in bundled]


@pytest.mark.parametrize("kept", [pytest.param(0, id="empty"), pytest.param(4_000_000, id="cut off")])
def test_weights_that_cannot_be_loaded_are_named(tmp_path: Path, kept: int) -> None:
    (tmp_path / "broken.gguf").write_bytes(find_bundled_weights().read_bytes()[:kept])
    expected = r"broken.gguf: expected a whole GGUF file .* could not be loaded"
    with pytest.raises(InputError, match=expected), serve(state_weights(tmp_path / "broken.gguf")):
        pass


def test_weights_that_are_not_there_are_named(tmp_path: Path) -> None:
    expected = "none.gguf: expected the weights of teacher student, but No such file or directory; check its `weights`"
    with pytest.raises(InputError, match=expected), serve(state_weights(tmp_path / "none.gguf")):
        pass


def test_other_weights_than_stated_are_refused_with_their_hash(tmp_path: Path) -> None:
    (tmp_path / "mine.gguf").write_bytes(b"before")
    teacher = state_weights(tmp_path / "mine.gguf")
    (tmp_path / "mine.gguf").write_bytes(b"after")
    with pytest.raises(InputError, match=f"found {hashlib.sha256(b'after').hexdigest()};"), serve(teacher):
        pass


def test_a_question_that_exceeds_the_context_is_refused_and_not_cut(served: Credentials) -> None:
    with pytest.raises(RejectedError, match=r"exceeds the available context size \(4096 tokens\)"):
        ask(served, ["one two three " * 2000])


@pytest.mark.usefixtures("clean_environment")
def test_ctrl_c_in_mid_run_ends_the_bundled_teacher_and_keeps_the_answers(workspace: Workspace) -> None:
    row = {"question_id": "q", "question": "?", "choices": [], "answer": None, "rotation": 0, "replicate": 0}
    messages = [[{"role": "user", "content": f"What is {number} + 1?"}] for number in range(100)]
    rows = [{"id": f"{number}", "messages": message, **row} for number, message in enumerate(messages)]
    workspace.write_rows("data/requests/train.jsonl", rows)
    workspace.edit(teacher="smollm2", teachers={"smollm2": {"max_tokens": TEACHER.max_tokens}})
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    with (
        Journal(workspace.folder / "journal.sqlite") as journal,
        subprocess.Popen(command("infer"), env=environment, stderr=subprocess.PIPE, text=True) as run,
    ):
        while run.poll() is None and not any(journal.read("SELECT key FROM answers LIMIT 1 OFFSET 1")):
            time.sleep(0.05)
        run.send_signal(signal.SIGINT)
        _, errors = run.communicate(timeout=30)

    assert run.returncode == 130
    assert "stopped; every answer that came is kept" in errors
    assert "Traceback" not in errors
