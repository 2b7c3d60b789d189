"""The doctor in a project folder of its own: real clients against a loopback teacher, real DVC, a real journal."""

import socket
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from dvc.repo import Repo

from potstill.commands.doctor import main
from potstill.core.records import Usage
from potstill.teacher.api.replies import Reply
from potstill.teacher.store.journal import Journal
from potstill.teacher.store.ledger import publish, record_uses
from tests.conftest import Workspace
from tests.servers.batches import BatchServer
from tests.servers.strict_openai import StrictOpenAI
from tests.servers.teacher import MODEL, Answer, TeacherServer, changed_choice, completion, refusal

KEY = "not-a-real-key-8f3a"
SUBJECTS = ["params.yaml", "provider", "credentials", "journal", "endpoint", "call", "logprobs", "remote", "ledger"]
PROXIES = [name for scheme in ("http", "https", "no", "all") for name in (f"{scheme}_proxy", f"{scheme}_PROXY".upper())]
WITH_LOGPROBS = Answer(changed_choice(logprobs={"content": [{"token": "A", "logprob": -0.1}]}))
NO_LOGPROBS = refusal(400, "unsupported_parameter", "logprobs is not supported")

pytestmark = pytest.mark.usefixtures("clean_environment")


class Patient(Workspace):
    """A project that DVC tracks, without a remote, whose teacher is a server on loopback."""

    def __init__(self, folder: Path, teacher: TeacherServer) -> None:
        super().__init__(folder)
        self.teacher = teacher
        self.ledger = folder / "data" / "ledger"
        self.write(".dvc/config", "[core]\n    no_scm = true\n    analytics = false\n    check_update = false\n")
        self.write(".env", f"TEACHER_MODEL_ENDPOINT={teacher.endpoint}\nTEACHER_MODEL_KEY={KEY}\n")
        self.choose()

    def choose(self, provider: str = "azure", **options: object) -> None:
        """Make the loopback teacher the chosen one."""
        self.edit(teacher="loopback", teachers={"loopback": {"provider": provider, "model": "m", **options}})

    def set_remote(self, url: Path | str) -> None:
        """Make a folder, which need not be there, or a URL the default remote."""
        self.write(
            ".dvc/config", f"[core]\n    no_scm = true\n    remote = store\n['remote \"store\"']\n    url = {url}\n"
        )

    def publish(self, *keys: str) -> Path:
        """Buy answers and publish them as one segment that DVC tracks."""
        with Journal(self.folder / "journal.sqlite") as journal:
            for key in keys:
                reply = Reply("answered", "A", None, "stop", MODEL, Usage(prompt_tokens=1, completion_tokens=1), None)
                journal.record(key, 16, reply, "models.example")
            record_uses(journal, "project", [(key, 16) for key in keys])
            segment = publish(journal, "project", self.ledger)
        with Repo(str(self.folder)) as repo:
            repo.add(str(self.ledger))
        assert segment
        return segment

    def examine(self, crosses: dict[str, str] | None = None, skipped: list[str] | None = None) -> dict[str, str]:
        """Run the doctor and return its sentences; expect these crosses, each with this in its sentence, and no more.

        Every run is checked for one line each, for the exit code, and for the key.
        """
        done = CliRunner().invoke(main, ["--ledger", "data/ledger"])
        assert done.exception is None or isinstance(done.exception, SystemExit), done.exception
        assert KEY not in done.output
        assert done.stderr == ""
        lines = [line.split(": ", maxsplit=1) for line in done.stdout.splitlines()]
        sentences = {head.split()[1]: sentence for head, sentence in lines}
        signs = {head.split()[1]: head.split()[0] for head, _ in lines}
        assert [head.split()[1] for head, _ in lines] == SUBJECTS
        assert [subject for subject in SUBJECTS if signs[subject] == "✗"] == list(crosses or {}), done.stdout
        assert [subject for subject in SUBJECTS if sentences[subject].startswith("not tried")] == (skipped or [])
        assert all(signs[subject] == "-" for subject in skipped or [])
        assert done.exit_code == (1 if crosses else 0)
        for subject, part in (crosses or {}).items():
            assert part in sentences[subject]
        return {subject: f"{signs[subject]} {sentences[subject]}" for subject in SUBJECTS}


@pytest.fixture
def patient(tmp_path: Path, teacher: TeacherServer, monkeypatch: pytest.MonkeyPatch) -> Patient:
    for name in PROXIES:
        monkeypatch.delenv(name, raising=False)
    return Patient(tmp_path, teacher)


@pytest.fixture(params=["azure", "openai"])
def provider(request: pytest.FixtureRequest) -> str:
    return request.param


def test_a_good_set_up_has_no_cross(patient: Patient, provider: str) -> None:
    patient.choose(provider, max_tokens=4000)
    patient.teacher.script(WITH_LOGPROBS)
    (patient.folder / "remote").mkdir()
    patient.set_remote(patient.folder / "remote")
    patient.publish("a", "b")

    lines = patient.examine()

    retired = lines.pop("provider")
    assert retired[0] == ("-" if provider == "azure" else "✓")
    assert ("set `provider: openai`" in retired) == (provider == "azure")
    assert [sentence[0] for sentence in lines.values()] == ["✓"] * (len(SUBJECTS) - 1)
    assert lines["params.yaml"] == f"✓ dataset bundled, prompt letter, teacher loopback ({provider}, m)"
    assert lines["credentials"] == "✓ TEACHER_MODEL_ENDPOINT and the key TEACHER_MODEL_KEY are set"
    assert lines["journal"] == f"✓ {patient.folder}/journal.sqlite can be read and written, and holds 2 answers"
    assert lines["endpoint"] == f"✓ {patient.teacher.endpoint.split('/')[2]} can be reached"
    assert lines["call"].startswith(f"✓ {MODEL} answered in 0.")
    assert lines["remote"] == f"✓ store ({patient.folder}/remote) can be listed, with your rights on this machine"
    assert lines["ledger"] == "✓ all that data/ledger.dvc names is in data/ledger (1 segments) or in the journal"


def test_without_remote_and_ledger_there_is_no_cross_either_and_nothing_is_kept(patient: Patient) -> None:
    lines = patient.examine()
    assert lines["remote"].startswith("- nothing bought is shared, since no remote storage is set: `make remote URL=")
    assert lines["ledger"].startswith("- data/ledger.dvc is not there, so nothing was published yet")
    with Journal(patient.folder / "journal.sqlite") as journal:
        assert list(journal.read("SELECT key FROM answers UNION SELECT key FROM claims")) == []


@pytest.mark.parametrize("provider", ["azure", "openai"])
def test_a_field_that_the_model_does_not_take_is_a_cross_that_names_it(provider: str, tmp_path: Path) -> None:
    with StrictOpenAI() as teacher:
        patient = Patient(tmp_path, teacher)
        patient.choose(provider, model="o4-mini")
        sentence = "teachers.loopback.temperature: this model does not take it (status 400: unsupported_value: "
        assert patient.examine({"call": sentence}, ["logprobs"])["call"].endswith("; set it to null")

        patient.choose(provider, model="o4-mini", temperature=None)
        assert "'logprobs' is not supported with this model" in patient.examine()["logprobs"]


def test_the_one_call_asks_for_an_object_where_the_prompt_is_structured(tmp_path: Path) -> None:
    with StrictOpenAI() as teacher:
        patient = Patient(tmp_path, teacher)
        patient.edit(prompts={"letter": {"structured": True, "answer_format": "json"}})
        patient.choose("openai", model="gpt-4")
        assert patient.examine({"call": "prompts.letter.structured: this model does not take it "}, ["logprobs"])

        patient.choose("openai", model="gpt-4o")
        patient.examine()
        assert teacher.calls[-1].body["response_format"]["type"] == "json_schema"


@pytest.mark.parametrize(
    ("options", "limits"),
    [
        pytest.param({"max_tokens": 4000}, {"max_tokens": 16}, id="a large limit"),
        pytest.param({"max_tokens": 5}, {"max_tokens": 5}, id="a smaller limit stays"),
        pytest.param(
            {"extras": {"max_completion_tokens": 4000}}, {"max_completion_tokens": 16}, id="of a reasoning model"
        ),
        pytest.param({"extras": {"max_tokens": 4000}}, {"max_tokens": 16}, id="among the extras"),
    ],
)
def test_the_one_call_is_small_and_asks_for_logprobs(
    patient: Patient, options: dict[str, Any], limits: dict[str, int]
) -> None:
    patient.choose(**options, temperature=0.5)
    patient.examine()
    (call,) = patient.teacher.calls
    assert call.body == {
        "messages": [{"role": "user", "content": "Reply with the letter A."}],
        "model": "m",
        "temperature": 0.5,
        "logprobs": True,
        "top_logprobs": 2,
        **limits,
    }


@pytest.mark.parametrize(
    ("answer", "calls", "finding"),
    [
        pytest.param(WITH_LOGPROBS, 1, "✓ supported: ", id="given"),
        pytest.param(Answer(completion()), 1, "- not supported: asked for them, the teacher answered", id="left out"),
        pytest.param(
            NO_LOGPROBS, 2, "- not supported: asked for them, the teacher refused with status 400", id="refused"
        ),
    ],
)
def test_logprobs_are_never_a_cross(patient: Patient, answer: Answer, calls: int, finding: str) -> None:
    patient.teacher.script(answer)
    assert patient.examine()["logprobs"].startswith(finding)
    assert ["logprobs" in call.body for call in patient.teacher.calls] == [True, False][:calls]


@pytest.mark.parametrize(
    ("price", "cost"),
    [
        pytest.param({}, "this one call is paid, at a cost that is not known", id="not known"),
        pytest.param(
            {"loopback": {"input": 100, "output": 1000}},
            "this one call is paid: 0.0041 US dollars (params.yaml)",
            id="known",
        ),
    ],
)
def test_what_the_call_costs_is_named(patient: Patient, price: dict[str, object], cost: str) -> None:
    patient.edit(price_per_million=price)
    assert cost in patient.examine()["call"]


@pytest.mark.parametrize(
    ("answers", "sentence"),
    [
        pytest.param([refusal(401, "401", f"the key {KEY} is wrong")], "check TEACHER_MODEL_KEY", id="wrong key"),
        pytest.param([refusal(429, "429", "slow down")], "run `make doctor` again", id="throttled"),
        pytest.param([Answer(fault="reset")], "the connection broke", id="connection reset"),
        pytest.param([Answer(fault="drip")], "no answer within 0.5 s", id="drip"),
        pytest.param([NO_LOGPROBS, refusal(400, "bad", "no")], "check teachers.loopback in params.yaml", id="rejected"),
        pytest.param([NO_LOGPROBS, refusal(401)], "check TEACHER_MODEL_KEY", id="wrong key, the second time"),
    ],
)
def test_a_call_without_an_answer_is_a_cross(patient: Patient, answers: list[Answer], sentence: str) -> None:
    patient.edit(runtime={"timeout_s": 0.5})
    patient.teacher.script(*answers)
    patient.examine({"call": sentence}, ["logprobs"])
    assert len(patient.teacher.calls) == len(answers)


def test_a_key_that_the_server_gives_back_is_not_shown(patient: Patient, provider: str) -> None:
    patient.choose(provider)
    patient.teacher.default = Answer(completion() | {"model": f"echo {KEY}\n\x1b[31mred"})
    assert patient.examine()["call"].startswith("✓ echo *** [31mred answered in ")


def test_an_endpoint_that_refuses_is_a_cross(patient: Patient) -> None:
    patient.teacher.stop()
    host = patient.teacher.endpoint.split("/")[2]
    patient.examine({"endpoint": f"{host}: connection refused; check TEACHER_MODEL_ENDPOINT"}, ["call", "logprobs"])


def test_a_host_that_nobody_knows_is_a_cross(patient: Patient) -> None:
    patient.write(".env", f"TEACHER_MODEL_ENDPOINT=https://nobody.invalid/models\nTEACHER_MODEL_KEY={KEY}\n")
    patient.examine({"endpoint": "nobody.invalid:443: its name is not known; check"}, ["call", "logprobs"])


def test_https_to_a_server_without_tls_is_a_cross_of_the_call(patient: Patient) -> None:
    endpoint = patient.teacher.endpoint.replace("http:", "https:")
    patient.write(".env", f"TEACHER_MODEL_ENDPOINT={endpoint}\nTEACHER_MODEL_KEY={KEY}\n")
    patient.examine({"call": "is the endpoint's scheme http?; check TEACHER_MODEL_ENDPOINT"}, ["logprobs"])


def test_a_proxy_that_is_no_url_is_a_cross(patient: Patient, monkeypatch: pytest.MonkeyPatch) -> None:
    patient.write(".env", f"TEACHER_MODEL_ENDPOINT=https://nobody.invalid/models\nTEACHER_MODEL_KEY={KEY}\n")
    monkeypatch.setenv("https_proxy", "http://:secret@:x")
    lines = patient.examine({"endpoint": "expected a URL such as http://proxy.example:3128"}, ["call", "logprobs"])
    assert "secret" not in lines["endpoint"]


def test_a_proxy_before_the_endpoint_is_what_is_reached(patient: Patient, monkeypatch: pytest.MonkeyPatch) -> None:
    patient.write(".env", f"TEACHER_MODEL_ENDPOINT=http://nobody.invalid/models\nTEACHER_MODEL_KEY={KEY}\n")
    proxy = patient.teacher.endpoint.removesuffix("/models")
    monkeypatch.setenv("http_proxy", proxy)
    assert patient.examine()["endpoint"] == f"✓ {proxy.removeprefix('http://')}, the proxy, can be reached"


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        pytest.param("", "expected TEACHER_MODEL_ENDPOINT and TEACHER_MODEL_KEY, found none", id="nothing"),
        pytest.param(f"TEACHER_MODEL_ENDPOINT={KEY}\n", "TEACHER_MODEL_ENDPOINT: expected a URL", id="the key as URL"),
    ],
)
def test_missing_credentials_are_a_cross(patient: Patient, content: str, sentence: str) -> None:
    patient.write(".env", content)
    patient.examine({"credentials": sentence}, ["endpoint", "call", "logprobs"])
    assert not patient.teacher.calls


def test_a_teacher_may_have_variables_of_its_own(patient: Patient) -> None:
    patient.choose(credentials="GPT4O")
    patient.write(".env", f"GPT4O_ENDPOINT={patient.teacher.endpoint}\nGPT4O_KEY={KEY}\n")
    assert patient.examine()["credentials"] == "✓ GPT4O_ENDPOINT and the key GPT4O_KEY are set"


def test_each_endpoint_is_tried(patient: Patient) -> None:
    patient.choose(credentials=["TEACHER_MODEL", "GPT4O"])
    endpoint = patient.teacher.endpoint
    variables = [f"{name}_ENDPOINT={endpoint}\n{name}_KEY={KEY}-{name}\n" for name in ("TEACHER_MODEL", "GPT4O")]
    patient.write(".env", "".join(variables))

    lines = patient.examine()

    assert lines["credentials"] == (
        "✓ TEACHER_MODEL_ENDPOINT and the key TEACHER_MODEL_KEY are set; GPT4O_ENDPOINT and the key GPT4O_KEY are set"
    )
    host = endpoint.split("/")[2]
    assert lines["endpoint"] == f"✓ {host} and {host} can be reached"
    assert f"; {MODEL} at GPT4O_ENDPOINT answered in 0." in lines["call"]
    keys = [str(call.header("authorization")) for call in patient.teacher.calls]
    assert keys == [f"Bearer {KEY}-TEACHER_MODEL", f"Bearer {KEY}-GPT4O"]
    patient.teacher.script(Answer(completion()), refusal(401))
    patient.examine({"call": "check GPT4O_KEY"}, ["logprobs"])


def test_without_a_key_entra_is_named(patient: Patient) -> None:
    patient.write(".env", f"TEACHER_MODEL_ENDPOINT={patient.teacher.endpoint}\n")
    patient.teacher.stop()  # so that nobody is asked for a token
    lines = patient.examine({"endpoint": "connection refused"}, ["call", "logprobs"])
    assert "TEACHER_MODEL_KEY is not, so Microsoft Entra ID is asked for a token" in lines["credentials"]


def test_an_env_file_that_is_no_text_is_a_cross_of_all_that_read_it(patient: Patient) -> None:
    (patient.folder / ".env").write_bytes(b"TEACHER_MODEL_KEY=a\x00b\n")
    sentence = f"{patient.folder}/.env: expected lines such as NAME=value in UTF-8"
    patient.examine({"credentials": sentence, "journal": sentence}, ["endpoint", "call", "logprobs", "ledger"])


@pytest.mark.parametrize(
    ("edits", "sentence"),
    [
        pytest.param({"teacher": "nobody"}, "teacher: expected one of smollm2", id="unknown teacher"),
        pytest.param({"runtime": {"budget_usd": 1}}, "price_per_million.loopback: expected", id="budget without price"),
    ],
)
def test_wrong_params_are_a_cross(patient: Patient, edits: dict[str, Any], sentence: str) -> None:
    patient.edit(**edits)
    lines = patient.examine({"params.yaml": sentence}, ["provider", "credentials", "endpoint", "call", "logprobs"])
    assert lines["logprobs"] == "- not tried, since params.yaml failed"


def test_another_folder_is_a_cross(patient: Patient, monkeypatch: pytest.MonkeyPatch, tmp_path_factory: Any) -> None:
    monkeypatch.chdir(tmp_path_factory.mktemp("elsewhere"))
    crosses = {"params.yaml": "run from the project's folder", "remote": "expected a DVC project"}
    patient.examine(crosses, ["provider", "credentials", "endpoint", "call", "logprobs"])


def corrupt(journal: Path) -> None:
    with Journal(journal):
        pass
    content = journal.read_bytes()
    journal.write_bytes(content[:100] + b"\xff" * (len(content) - 100))


@pytest.mark.parametrize(
    ("spoil", "sentence"),
    [pytest.param(corrupt, "it is kept as", id="damaged"), pytest.param(Path.mkdir, "Is a directory", id="a folder")],
)
def test_a_journal_that_cannot_be_used_is_a_cross(patient: Patient, spoil: Any, sentence: str) -> None:
    spoil(patient.folder / "journal.sqlite")
    patient.examine({"journal": sentence}, ["ledger"])


def test_a_journal_path_that_is_not_full_is_a_cross(patient: Patient, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("POTSTILL_JOURNAL", "journal.sqlite")
    patient.examine({"journal": "POTSTILL_JOURNAL: expected a full path"}, ["ledger"])


def test_a_ledger_that_is_not_whole_is_a_cross(patient: Patient) -> None:
    segment = patient.publish("a")
    content = segment.read_bytes()
    segment.unlink()
    known = "✓ all that data/ledger.dvc names is in data/ledger (0 segments) or in the journal"
    assert patient.examine()["ledger"] == known
    for file in patient.folder.glob("journal.sqlite*"):  # as of another engineer, before `make pull`
        file.unlink()
    patient.examine({"ledger": "run `make pull`"})
    segment.write_bytes(content[:-1])
    patient.examine({"ledger": "it was damaged"})
    segment.write_bytes(content)
    patient.ledger.with_suffix(".dvc").write_text("<<<<<<< HEAD\n")
    patient.examine({"ledger": "a merge that failed"})


def test_a_remote_that_cannot_be_listed_is_a_cross(patient: Patient) -> None:
    patient.set_remote(patient.folder / "remote")
    patient.examine({"remote": "it is not there ("})
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    patient.set_remote(f"http://127.0.0.1:{port}/dvc")
    patient.examine({"remote": "the service cannot be reached ("})
    patient.write(".dvc/config", "[core]\n    no_scm = true\n    remote = gone\n")
    patient.examine({"remote": "gone"})


def test_an_output_that_knows_no_check_marks_gets_words(patient: Patient) -> None:
    patient.teacher.default = Answer(completion() | {"model": "modèle"})
    patient.edit(load={"seed": "x"})
    failing = CliRunner(charset="ascii").invoke(main, ["--ledger", "data/ledger"])
    assert failing.stdout.splitlines()[0].startswith("FAIL params.yaml: load.seed: expected")
    patient.edit(load={"seed": 0})
    passing = CliRunner(charset="ascii").invoke(main, ["--ledger", "data/ledger"])
    assert passing.stdout.startswith("ok   params.yaml: dataset bundled")
    assert "\nok   call: mod?le answered in " in passing.stdout


def test_the_bundled_teacher_answers(patient: Patient) -> None:
    patient.edit(teacher="smollm2")
    (patient.folder / ".env").unlink()
    lines = patient.examine()
    assert lines["credentials"] == "✓ smollm2 needs none, since it runs on this machine"
    assert lines["endpoint"] == "✓ the bundled teacher has started on this machine"
    assert lines["call"].startswith("✓ SmolLM2-135M-Instruct answered in ")
    assert lines["call"].endswith("it is free")
    assert lines["logprobs"].startswith("✓ supported")
    assert not patient.teacher.calls


def test_where_answers_come_in_batches_these_are_listed_and_nothing_is_asked(tmp_path: Path) -> None:
    with BatchServer() as service:
        patient = Patient(tmp_path, service)
        patient.choose(provider="openai")
        patient.edit(runtime={"batch": True})

        listed = "the batches at TEACHER_MODEL_ENDPOINT can be listed; nothing was asked, so this cost nothing"
        assert patient.examine()["call"].endswith(listed)
        assert service.steps == {"list": 1}
        assert not service.calls


def test_a_teacher_that_does_not_keep_to_the_form_is_a_cross(patient: Patient) -> None:
    patient.edit(prompts={"letter": {"structured": True, "answer_format": "json"}})

    assert (
        "set it to false"
        in patient.examine({"call": "prompts.letter.structured: the teacher takes"}, ["logprobs"])["call"]
    )
