"""Engineers who share one project: each has a clone, a journal, a cache and a home of their own."""

import subprocess
from pathlib import Path

from tests.clones import MERGE_DRIVER
from tests.project import Project
from tests.servers.teacher import TeacherServer
from tests.stores import Store

OTHER_WORDS = "One of {labels}, please."


def first_engineer(project: Project, store: Store | None = None) -> Project:
    """Push a finished project to a new upstream, and set a remote for DVC where there is a store; return it."""
    project.environment |= {"HOME": str(project.folder.parent / "home")}
    Path(project.environment["HOME"]).mkdir()
    upstream = project.folder.parent / "upstream.git"
    subprocess.run(["git", "clone", "-q", "--bare", str(project.folder), str(upstream)], check=True)
    project.author = "Ada"
    project.git("remote", "add", "origin", str(upstream))
    project.git("push", "-q", "--set-upstream", "origin", "HEAD")
    if store:
        project.environment |= store.environment
        project.make_goal("remote", f"URL={store.url}")
    return project


def another_engineer(first: Project, teacher: TeacherServer | None = None, name: str = "other") -> Project:
    """Clone what the first one pushed, on what could be another machine: no cache, no journal, another home."""
    folder = first.folder.parent / name
    (folder / "home").mkdir(parents=True)
    second = Project(folder)
    second.environment = first.environment | {
        "HOME": str(folder / "home"),
        "POTSTILL_JOURNAL": str(folder / "journal.sqlite"),
    }
    subprocess.run(["git", "clone", "-q", str(first.folder.parent / "upstream.git"), str(second.folder)], check=True)
    second.author = "Grace"
    second.environment |= {
        f"GIT_{who}_{what}": "g@localhost" for who in ("AUTHOR", "COMMITTER") for what in ("NAME", "EMAIL")
    }
    second.run("git", "config", "merge.dvc.driver", MERGE_DRIVER)
    if teacher:
        second.use(teacher)
    return second


def share(project: Project, message: str, *settings: str) -> str:
    """Push, commit and push the commit; return what `make push` printed."""
    output = project.make_goal("push", *settings)
    project.commit(message)
    project.git("push", "-q")
    return output
