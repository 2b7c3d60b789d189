"""Remotes as they are set and checked, over the services themselves: Azurite, moto's S3, folders."""

import re
import secrets
import socket
import time
from pathlib import Path

import pytest
from dvc.repo import Repo

from potstill.commands import pull, push, remote
from potstill.core.errors import InputError
from potstill.sharing.remotes import Remote
from tests.clones import Clone, set_remote
from tests.servers.azurite import Azurite, new_key
from tests.stores import UNCLOSED, Store, azure_store, s3_environment, s3_server

pytestmark = UNCLOSED

CONNECTION = "AZURE_STORAGE_CONNECTION_STRING"


def checked(said: str) -> str:
    """The line that says what was tried, and what opened it."""
    return next(line for line in said.splitlines() if line.startswith("one small object"))


def test_a_remote_is_set_made_where_that_can_be_tried_and_used(local: Clone, store: Store, tmp_path: Path) -> None:
    local.environment |= store.environment
    said = local.output(remote.main, "--url", store.url).splitlines()
    assert said[0] == f"remote store is {store.url} now; commit .dvc/config, so that others find it"
    place = store.url.split("/")[2]
    made = {"azure": f"container {place} made", "s3": "S3 is there"}
    assert said[1] == made.get(store.url.split(":")[0], "folder made")
    opened = {
        "azure": f"with {CONNECTION} from the environment",
        "s3": "with AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY from the environment",
    }
    assert said[2] == (
        f"one small object written, read and removed in {store.url}, "
        + opened.get(store.url.split(":")[0], "with your rights on this machine")
    )
    assert ("never into git" in said[-1]) == (said[-1] != said[2]) == (not store.url.startswith("/"))
    assert store.files() == {}
    config = (local.folder / ".dvc/config").read_text()
    assert store.url in config
    assert "remote = store" in config
    assert not any(secret in config for secret in store.environment.values() if len(secret) > 3)
    assert checked(local.output(remote.main)) == said[2]  # without URL, the one that is set is tried again

    local.buy("a")
    local.keep("data/export", train="rows")
    assert "4 files, " in local.output(push.main)
    assert len(store.files()) == 4  # a segment, an output's file, and the two listings
    local.commit("Share")
    second = local.clone(tmp_path / "second")
    assert "answers new to the journal: 1 " in second.output(pull.main)
    assert (second.folder / "data/export/train.jsonl").read_text() == "rows"


def test_a_folder_beside_the_project_takes_the_place_of_another_and_is_found_from_another_clone(
    first: Clone, tmp_path: Path
) -> None:
    assert f"now (it was {tmp_path}/remote); " in first.output(remote.main, "--url", "../shared")
    first.keep("data/export", train="rows")
    first.output(push.main)
    first.commit("Export")
    assert list((tmp_path / "remote").iterdir()) == []
    second = first.clone(tmp_path / "second")
    second.output(pull.main)
    assert (second.folder / "data/export/train.jsonl").read_text() == "rows"


def test_credentials_are_named_and_not_shown_and_refused_where_git_would_keep_them(
    local: Clone, azurite: Azurite
) -> None:
    set_remote(local, azure_store(azurite).url)
    options = f'[remote "store"]\n    connection_string = {azurite.connection_string()}\n'
    (local.folder / ".dvc/config.local").write_text(options)
    said = local.output(remote.main)
    assert checked(said).endswith(", with connection_string from .dvc/config.local")
    assert azurite.key not in said
    assert local.git("status", "--porcelain") == ""
    with (local.folder / ".dvc/config").open("a") as config:
        config.write(options.partition("\n")[2])
    sentence = local.refuse(remote.main)
    assert sentence.startswith(".dvc/config: connection_string of remote store is set here, which git keeps: ")
    assert azurite.key not in sentence


@pytest.mark.parametrize(
    ("url", "sentence"),
    [
        pytest.param("ftp://host/x", "URL: expected azure://, s3://, gs://, ssh:// or a folder, got ftp:", id="scheme"),
        pytest.param("azure://", "URL: expected a name after azure://, such as azure://name/path", id="no container"),
        pytest.param("s3://[x", "URL: expected one such as azure://container/path, got none", id="no URL"),
        pytest.param("ssh://me:pass@host/x", "URL: expected no password, key or token in it", id="password"),
        pytest.param("azure://c/p?sv=1&sig=abc", "URL: expected no password, key or token in it", id="token"),
    ],
)
def test_a_url_that_cannot_be_a_remote_changes_nothing(local: Clone, url: str, sentence: str) -> None:
    before = (local.folder / ".dvc/config").read_text()
    told = local.refuse(remote.main, "--url", url)
    assert told.startswith(sentence)
    assert "pass@" not in told
    assert "sig=" not in told
    assert (local.folder / ".dvc/config").read_text() == before


def test_a_package_that_is_missing_is_named_with_the_way_to_it(local: Clone) -> None:
    scheme = "gs"
    assert re.search(
        rf"^remote store \({scheme}://host/x\): .* needs a package that is not here; run "
        rf"`\.venv/bin/uv pip install --python \.venv dvc-{scheme}`",
        local.refuse(remote.main, "--url", f"{scheme}://host/x"),
    )


BELONG = (
    "put them into .dvc/config.local (`dvc remote modify --local store connection_string ...`) or into the "
    "environment (AZURE_STORAGE_CONNECTION_STRING, AZURE_STORAGE_ACCOUNT, AZURE_STORAGE_KEY, AZURE_STORAGE_SAS_TOKEN), "
    "never into git"
)


def test_a_wrong_key_is_told_by_every_command(local: Clone, azurite: Azurite) -> None:
    store, wrong = azure_store(azurite), new_key()
    set_remote(local, store.url)
    local.environment[CONNECTION] = azurite.connection_string(wrong)
    for command in (push.main, pull.main, remote.main):
        sentence = local.refuse(command)
        assert sentence.startswith(f"remote store ({store.url}): the credentials were refused or may not do this (")
        assert BELONG in sentence
        assert wrong not in sentence


def test_a_connection_string_that_is_none_is_told_without_it(local: Clone) -> None:
    set_remote(local, "azure://container/path")
    local.environment[CONNECTION] = secret = f"AccountKey={secrets.token_hex(8)}"
    sentence = local.refuse(push.main)
    assert sentence.startswith("remote store (azure://container/path): no usable credentials were found (")
    assert secret not in sentence


def test_keys_that_s3_does_not_know_are_told(local: Clone) -> None:
    with s3_server(INITIAL_NO_AUTH_ACTION_COUNT="0") as endpoint:
        local.environment |= s3_environment(endpoint)
        set_remote(local, "s3://bucket/path")
        sentence = local.refuse(push.main)
    assert sentence.startswith("remote store (s3://bucket/path): the credentials were refused or may not do this (")
    assert "secret_access_key" in sentence


def test_a_container_that_is_absent_is_told_and_made_by_make_remote(local: Clone, azurite: Azurite) -> None:
    store = azure_store(azurite)
    set_remote(local, store.url)
    local.environment |= store.environment
    for command in (push.main, pull.main):
        sentence = local.refuse(command)
        assert sentence.startswith(f"remote store ({store.url}): it is not there (")
        assert "`make remote` makes a folder, and a container on Azure" in sentence
    local.output(remote.main)
    local.output(push.main)


def test_a_folder_that_is_gone_is_told_and_not_made_by_push(first: Clone, tmp_path: Path) -> None:
    (tmp_path / "remote").rmdir()
    assert first.refuse(push.main).startswith(f"remote store ({tmp_path}/remote): it is not there (")
    assert not (tmp_path / "remote").exists()


def test_a_service_that_is_away_is_told(local: Clone) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    local.environment |= s3_environment(f"http://127.0.0.1:{port}") | {"AWS_MAX_ATTEMPTS": "1"}
    set_remote(local, "s3://bucket/path")
    sentence = local.refuse(push.main)
    assert sentence.startswith("remote store (s3://bucket/path): the service cannot be reached (")
    assert sentence.endswith("; check the network and the address (`dvc remote list`), and run this again")


def test_a_service_that_does_not_answer_is_not_waited_for_without_end(first: Clone) -> None:
    with (
        Repo(str(first.folder)) as repo,
        pytest.raises(InputError, match=r"no answer within 0.01 s; check the network"),
    ):
        Remote(repo).call(lambda: time.sleep(1), timeout_s=0.01)


@pytest.mark.parametrize(
    ("config", "sentence"),
    [
        pytest.param("[core]\n    remote = gone\n", "the default remote gone is not there; ", id="not listed"),
        pytest.param("<<<<<<< HEAD\n[core]\n=======\n>>>>>>> side\n", "", id="marks of a merge"),
    ],
)
def test_a_configuration_that_names_no_remote_is_refused(local: Clone, config: str, sentence: str) -> None:
    (local.folder / ".dvc/config").write_text(config)
    assert local.refuse(push.main).startswith(f".dvc/config: {sentence}")


def test_another_kind_of_storage_gets_a_name_and_options_of_its_own(local: Clone, tmp_path: Path) -> None:
    set_remote(local, "azure://container/path")
    (local.folder / ".dvc/config.local").write_text('[remote "store"]\n    account_name = potstill\n')
    said = local.output(remote.main, "--url", f"file://{tmp_path}/folder")
    assert said.startswith(f"remote store-folder is {tmp_path}/folder now; commit .dvc/config")
    local.output(push.main)


def test_a_remote_that_fails_does_not_take_the_place_of_one_that_works(first: Clone, s3_endpoint: str) -> None:
    first.environment |= s3_environment(s3_endpoint)
    before = (first.folder / ".dvc/config").read_text()
    assert first.refuse(remote.main, "--url", "s3://nobody-made-this/x").endswith(
        " (the remote is still the one before)"
    )
    assert (first.folder / ".dvc/config").read_text() == before
    first.output(push.main)


def test_a_password_in_a_url_that_was_there_before_is_shown_by_nobody(local: Clone) -> None:
    set_remote(local, "s3://me:pass1word@bucket/path")
    for options in ((), ("--url", "s3://other/path")):
        said = local.invoke(remote.main, *options).output
        assert said
        assert "pass1word" not in said
