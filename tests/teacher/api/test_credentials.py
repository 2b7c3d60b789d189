from pathlib import Path

import pytest

from potstill.core.errors import InputError
from potstill.teacher.api.credentials import Credentials, read_credentials

ENDPOINT = "https://example.services.ai.azure.com/models"
KEY = "not-a-real-key-8f3a"

pytestmark = pytest.mark.usefixtures("clean_environment", "project")


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "project" / ".dvc" / "tmp" / "exps" / "queued"
    folder.mkdir(parents=True)
    monkeypatch.chdir(folder)
    return tmp_path / "project"


def set_variables(monkeypatch: pytest.MonkeyPatch, endpoint: str = ENDPOINT, key: str = KEY) -> None:
    monkeypatch.setenv("TEACHER_MODEL_ENDPOINT", endpoint)
    monkeypatch.setenv("TEACHER_MODEL_KEY", key)


def test_credentials_come_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    set_variables(monkeypatch)

    assert read_credentials("TEACHER_MODEL") == Credentials(ENDPOINT, KEY, "TEACHER_MODEL")


def test_credentials_come_from_the_env_file_of_a_folder_above(project: Path) -> None:
    (project / ".env").write_text(f"TEACHER_MODEL_ENDPOINT={ENDPOINT}\nTEACHER_MODEL_KEY={KEY}\n")

    assert read_credentials("TEACHER_MODEL") == Credentials(ENDPOINT, KEY, "TEACHER_MODEL")


def test_the_environment_wins_over_the_env_file(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (project / ".env").write_text("TEACHER_MODEL_ENDPOINT=https://other.example\nTEACHER_MODEL_KEY=other\n")
    monkeypatch.setenv("TEACHER_MODEL_KEY", KEY)

    found = read_credentials("TEACHER_MODEL")

    assert (found.endpoint, found.key) == ("https://other.example", KEY)


def test_a_teacher_may_have_variables_of_its_own(project: Path) -> None:
    (project / ".env").write_text(
        "TEACHER_MODEL_ENDPOINT=https://other.example\nTEACHER_MODEL_KEY=other\n"
        f"GPT4O_ENDPOINT={ENDPOINT}\nGPT4O_KEY={KEY}\n"
    )

    assert read_credentials("GPT4O") == Credentials(ENDPOINT, KEY, "GPT4O")


@pytest.mark.parametrize(
    ("lines", "missing"),
    [
        pytest.param("", "GPT4O_ENDPOINT and GPT4O_KEY", id="both"),
        pytest.param(f"GPT4O_KEY={KEY}", "GPT4O_ENDPOINT", id="endpoint"),
        pytest.param(f"GPT4O_ENDPOINT=' '\nGPT4O_KEY={KEY}", "GPT4O_ENDPOINT", id="blank endpoint"),
    ],
)
def test_a_missing_variable_is_named_and_what_to_do(project: Path, lines: str, missing: str) -> None:
    (project / ".env").write_text(lines)

    with pytest.raises(InputError) as raised:
        read_credentials("GPT4O")

    assert str(raised.value) == (
        f".env: expected {missing}, found none here or in the environment: copy .env.example to .env and fill it in, "
        "or choose `teacher: smollm2` in params.yaml"
    )


@pytest.mark.parametrize(
    "lines",
    [
        pytest.param(f"GPT4O_ENDPOINT={ENDPOINT}", id="left out"),
        pytest.param(f"GPT4O_ENDPOINT={ENDPOINT}\nGPT4O_KEY=' '", id="blank"),
    ],
)
def test_without_a_key_there_is_none(project: Path, lines: str) -> None:
    (project / ".env").write_text(lines)

    assert read_credentials("GPT4O") == Credentials(ENDPOINT, None, "GPT4O")


@pytest.mark.parametrize(
    ("endpoint", "allowed"),
    [
        pytest.param("https://example.com", True, id="https"),
        pytest.param("http://127.0.0.1:8000/v1", True, id="this machine"),
        pytest.param("http://example.com", False, id="http"),
    ],
)
def test_a_token_is_only_for_where_others_cannot_read_it(
    monkeypatch: pytest.MonkeyPatch, endpoint: str, allowed: bool
) -> None:
    set_variables(monkeypatch, endpoint, key="")

    if allowed:
        assert read_credentials("TEACHER_MODEL").key is None
    else:
        with pytest.raises(InputError, match="TEACHER_MODEL_ENDPOINT: expected an https URL, or TEACHER_MODEL_KEY"):
            read_credentials("TEACHER_MODEL")


def test_a_key_may_go_by_http(monkeypatch: pytest.MonkeyPatch) -> None:
    set_variables(monkeypatch, "http://example.com")

    assert read_credentials("TEACHER_MODEL").key == KEY


@pytest.mark.parametrize(
    "key",
    ["not a key", "not\na-key", "not-a-k\u00e9y", "\u201cnot-a-key\u201d"],
    ids=["space", "line", "accent", "quotes"],
)
def test_a_key_that_no_header_can_hold_is_refused_and_not_shown(monkeypatch: pytest.MonkeyPatch, key: str) -> None:
    set_variables(monkeypatch, key=key)

    with pytest.raises(InputError, match="TEACHER_MODEL_KEY: expected ASCII") as raised:
        read_credentials("TEACHER_MODEL")
    assert key not in str(raised.value)


@pytest.mark.parametrize(
    "endpoint",
    [
        pytest.param("example.services.ai.azure.com/models", id="no scheme"),
        pytest.param("ftp://example.com", id="another scheme"),
        pytest.param("https://", id="no host"),
        pytest.param("http://[::1/models", id="open bracket"),
        pytest.param("http://example.com:http/models", id="port is no number"),
        pytest.param("https://user:secret@example.com/models", id="user and password"),
        pytest.param("https://example..com/models", id="a host that cannot be"),
    ],
)
def test_an_endpoint_that_is_no_url_is_refused_by_the_name_of_its_variable(
    monkeypatch: pytest.MonkeyPatch, endpoint: str
) -> None:
    set_variables(monkeypatch, endpoint)

    with pytest.raises(InputError, match="TEACHER_MODEL_ENDPOINT: expected a URL such as https://"):
        read_credentials("TEACHER_MODEL")


@pytest.mark.parametrize(
    "endpoint",
    [
        pytest.param(f"{ENDPOINT}/", id="closing slash"),
        pytest.param(f"{ENDPOINT}/chat/completions/", id="whole route and slash"),
        pytest.param(f"{ENDPOINT}/chat/completions?api-version=2024-05-01-preview", id="as the portal shows it"),
        pytest.param(f"  {ENDPOINT} ", id="spaces around"),
    ],
)
def test_an_endpoint_is_taken_as_portals_show_it(monkeypatch: pytest.MonkeyPatch, endpoint: str) -> None:
    set_variables(monkeypatch, endpoint)

    assert read_credentials("TEACHER_MODEL").endpoint == ENDPOINT


def test_the_key_never_shows_in_a_repr() -> None:
    assert KEY not in f"{Credentials(ENDPOINT, KEY, 'TEACHER_MODEL')!r} {Credentials(ENDPOINT, KEY, 'TEACHER_MODEL')}"
