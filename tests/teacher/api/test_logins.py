import asyncio
import os
import subprocess
import sys
import time
import traceback
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest
from azure.core.credentials import AccessToken
from azure.core.exceptions import ClientAuthenticationError

from potstill.core.catalogues import Teacher
from potstill.core.errors import FatalError, RejectedError, TransientError
from potstill.core.records import Chat, Message
from potstill.teacher.api.client import connect
from potstill.teacher.api.credentials import Credentials
from potstill.teacher.api.logins import Login, redact
from tests.servers.teacher import Answer, TeacherServer, completion, refusal

KEY = "not-a-real-key-8f3a"
MESSAGES = [Message(role="user", content="Why?")]
KEYLESS = Credentials("https://models.example", None, "GPT4O")


def token(number: int) -> str:
    """Return a token that has no piece in common with the others."""
    return f"{number}-" * 10


class FakeIdentity:
    """Gives numbered tokens, each valid for some seconds, and none after `tokens` of them."""

    def __init__(self, valid_s: int = 3600, tokens: int = 1000, hangs: bool = False) -> None:
        self.scopes: list[str] = []
        self.closed = False
        self._valid_s = valid_s
        self._tokens = tokens
        self._pause_s = 60 if hangs else 0

    async def get_token(self, *scopes: str, **_: Any) -> AccessToken:
        await asyncio.sleep(self._pause_s)
        if len(self.scopes) >= self._tokens:
            raise ClientAuthenticationError("Nobody is logged in.\nLooked here.\nLooked there.")
        self.scopes += scopes
        return AccessToken(token(len(self.scopes)), int(time.time()) + self._valid_s)

    async def close(self) -> None:
        self.closed = True


def ask(server: TeacherServer, provider: str, identity: FakeIdentity, times: int = 1, **options: object) -> None:
    """Ask so many times with a client that has no key."""

    async def ask_in_turn() -> None:
        teacher = Teacher.model_validate({"provider": provider, "model": "m"} | options)
        client = connect(teacher, Credentials(server.endpoint, None, "GPT4O"), 5, identity)
        try:
            for _ in range(times):
                await client.complete(Chat(MESSAGES))
        finally:
            await client.close()

    asyncio.run(ask_in_turn())


def use(identity: FakeIdentity, calls: Callable[[Login], Awaitable[None]]) -> None:
    """Use a login that has no key."""

    async def use_and_close() -> None:
        login = Login(KEYLESS, "scope", identity)
        try:
            await calls(login)
        finally:
            await login.close()

    asyncio.run(use_and_close())


@pytest.mark.parametrize(
    ("provider", "scope"),
    [("azure", "https://cognitiveservices.azure.com/.default"), ("openai", "https://ai.azure.com/.default")],
)
def test_without_a_key_a_token_for_the_providers_scope_is_sent(
    teacher: TeacherServer, provider: str, scope: str
) -> None:
    identity = FakeIdentity()

    ask(teacher, provider, identity, times=2)

    assert [call.header("authorization") for call in teacher.calls] == [f"Bearer {token(1)}"] * 2
    assert teacher.calls[0].header("api-key") is None
    assert identity.scopes == [scope]
    assert identity.closed


def test_a_teacher_may_name_another_scope(teacher: TeacherServer) -> None:
    identity = FakeIdentity()

    ask(teacher, "azure", identity, scope="https://ml.azure.com/.default")

    assert identity.scopes == ["https://ml.azure.com/.default"]


def test_many_calls_at_once_ask_for_one_token() -> None:
    identity = FakeIdentity()

    async def get_many(login: Login) -> None:
        secrets = await asyncio.gather(*(login.get_secret() for _ in range(20)))
        assert set(secrets) == {token(1)}

    use(identity, get_many)

    assert len(identity.scopes) == 1


def test_a_token_that_ends_is_renewed_and_the_one_before_stays_secret() -> None:
    async def get_two(login: Login) -> None:
        assert [await login.get_secret(), await login.get_secret()] == [token(1), token(2)]
        assert login.secrets == [token(1), token(2)]

    use(FakeIdentity(valid_s=0), get_two)


def test_nobody_logged_in_is_one_plain_sentence(teacher: TeacherServer, provider: str) -> None:
    with pytest.raises(FatalError) as raised:
        ask(teacher, provider, FakeIdentity(tokens=0))

    assert str(raised.value) == (
        "Microsoft Entra ID gives no token, since nobody is logged in: set GPT4O_KEY, or log in with `az login`"
    )
    assert "Looked" not in "".join(traceback.format_exception(raised.value))
    assert teacher.calls == []


def test_a_login_that_hangs_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("potstill.teacher.api.logins.LOGIN_TIMEOUT_S", 0.1)

    async def get(login: Login) -> None:
        with pytest.raises(FatalError, match="gives no token"):
            await login.get_secret()

    use(FakeIdentity(hangs=True), get)


def test_a_token_that_cannot_be_renewed_now_is_a_failed_attempt() -> None:
    async def get_two(login: Login) -> None:
        await login.get_secret()
        with pytest.raises(TransientError, match="gave no new token"):
            await login.get_secret()

    use(FakeIdentity(valid_s=0, tokens=1), get_two)


@pytest.mark.parametrize("status", [401, 403])
def test_a_refused_login_is_fatal_and_named(teacher: TeacherServer, status: int) -> None:
    teacher.script(refusal(status))

    with pytest.raises(FatalError, match=r"; check that your login to .* may use this model, or set GPT4O_KEY"):
        ask(teacher, "azure", FakeIdentity())


@pytest.mark.parametrize("number", [1, 2], ids=["the one before", "the current one"])
def test_no_token_stands_in_an_error(teacher: TeacherServer, provider: str, number: int) -> None:
    teacher.script(Answer(completion()), refusal(400, message=f"wrong token {token(number)}"))

    with pytest.raises(RejectedError) as raised:
        ask(teacher, provider, FakeIdentity(valid_s=0), times=2)

    assert "wrong token ***" in str(raised.value)
    assert token(number)[:8] not in "".join(traceback.format_exception(raised.value))


def test_where_nobody_is_logged_in_the_real_library_says_so_soon(tmp_path: Path, teacher: TeacherServer) -> None:
    script = f"""
import asyncio
from potstill.core.catalogues import Teacher
from potstill.core.records import Chat, Message
from potstill.teacher.api.client import connect
from potstill.teacher.api.credentials import Credentials

async def main():
    client = connect(Teacher(provider="openai", model="m"), Credentials({teacher.endpoint!r}, None, "GPT4O"), 5)
    try:
        await client.complete(Chat([Message(role="user", content="Why?")]))
    except Exception as error:
        print(type(error).__name__, error)
    finally:
        await client.close()

asyncio.run(main())
"""
    # A home without a login, no tool that could know of one, and no question to the network for a machine's identity.
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("AZURE_", "IDENTITY_", "MSI_"))}
    lonely = kept | {"HOME": str(tmp_path), "PATH": str(tmp_path), "AZURE_TOKEN_CREDENTIALS": "dev"}
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", script],
        cwd=Path(__file__).parents[3],
        env=lonely,
        capture_output=True,
        text=True,
        check=True,
        timeout=20,
    )

    assert done.stdout.startswith("FatalError Microsoft Entra ID gives no token")
    assert done.stdout.count("\n") == 1
    assert done.stderr == ""
    assert teacher.calls == []


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        pytest.param("wrong key not-a-real-key-8f3a!", "wrong key ***!", id="whole"),
        pytest.param("not-a-real-key-8f3a, not-a-real-key-8f3a", "***, ***", id="twice"),
        pytest.param("wrong key not-a-re\n al-key-8f3a", "wrong key ***", id="over two lines"),
        pytest.param("wrong key not-a-real", "wrong key ***", id="its start"),
        pytest.param("wrong key eal-key-8f3a", "wrong key ***", id="its end"),
        pytest.param("wrong key not-a-re***ey-8f3a", "wrong key ******ey-8f3a", id="less than a piece stays"),
        pytest.param("not a really big one", "not a really big one", id="nothing of it"),
        pytest.param("\ud83d not-a-real-key-8f3a", "\ufffd ***", id="half a character"),
        pytest.param("", "", id="empty"),
    ],
)
def test_each_piece_of_a_secret_is_taken_out_of_a_text(text: str, shown: str) -> None:
    assert redact(text, [KEY]) == shown


def test_a_short_secret_is_taken_out_whole() -> None:
    assert redact("ab abc bc", ["abc"]) == "ab *** bc"
