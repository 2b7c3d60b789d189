"""Have trainers read an export, each in an environment of its own below .consumers: `make consumers`."""

import os
import subprocess
import sys
import time
from pathlib import Path

import click

HERE = Path(__file__).parent
ENVIRONMENTS = HERE.parents[1] / ".consumers"
# What each one's script reads.
FORMATS = {
    "trl": {"messages", "prompt_completion", "preference"},
    "olive": {"question_answer", "messages"},
    "llamafactory": {"alpaca", "sharegpt"},
    "axolotl": {"messages"},
}
# Nothing here is to ask the Hub, or to use more than one core.
QUIET = {"HF_HUB_OFFLINE": "1", "OMP_NUM_THREADS": "1", "CUDA_VISIBLE_DEVICES": ""}


def install(trainer: str) -> Path:
    """Make the trainer's environment where there is none of these versions, and return its Python.

    What stands in a file for itself alone goes in without what it asks for.
    """
    python = ENVIRONMENTS / trainer / "bin/python"
    files = [HERE / "requirements-torch.txt", HERE / f"requirements-{trainer}.txt"]
    alone = HERE / f"requirements-{trainer}-alone.txt"
    wanted = "".join(file.read_text() for file in [*files, alone] if file.exists())
    done = ENVIRONMENTS / trainer / "installed.txt"
    if not done.exists() or done.read_text() != wanted:
        subprocess.run(["python3", "-m", "venv", "--clear", ENVIRONMENTS / trainer], check=True)
        pip = [python, "-m", "pip", "install", "--quiet", "--quiet", "--disable-pip-version-check", "--no-compile"]
        subprocess.run([*pip, "-r", files[0], "-r", files[1]], check=True)
        if alone.exists():
            subprocess.run([*pip, "--no-deps", "-r", alone], check=True)
        done.write_text(wanted)
    return python


def read(trainer: str, export: Path) -> tuple[str, bool]:
    """Return what the trainer's script says of the export, and whether that is well."""
    started = time.monotonic()
    python = install(trainer)
    ready = time.monotonic()
    log = ENVIRONMENTS / f"{trainer}.log"
    with log.open("w") as file:
        command = [python, HERE / f"with_{trainer}.py", export]
        done = subprocess.run(command, stdout=file, stderr=subprocess.STDOUT, env=os.environ | QUIET, check=False)
    *_, said = log.read_text(errors="replace").splitlines()
    if done.returncode:
        said = f"failed; see {log}"
    times = f"{ready - started:.0f} s to install, {time.monotonic() - ready:.0f} s to run"
    return f"{trainer}: {said} ({times})\n", done.returncode == 0


@click.command()
@click.option("--export", default="data/export", type=click.Path(exists=True, file_okay=False, path_type=Path))
@click.argument("trainers", nargs=-1)
def main(export: Path, trainers: tuple[str, ...]) -> None:
    """Print a line for each trainer; fail where one misread a row, or where none had a row to read."""
    names = [name for text in trainers for name in text.split()] or list(FORMATS)
    if unknown := set(names) - set(FORMATS):
        raise click.ClickException(f"expected trainers of {', '.join(FORMATS)}, got {', '.join(sorted(unknown))}")
    there = {folder.name for folder in export.iterdir() if (folder / "train.jsonl").exists()}
    results = []
    for name in names:
        if not FORMATS[name] & there:
            sys.stdout.write(
                f"{name}: not run; of what it reads, nothing is exported: {', '.join(sorted(FORMATS[name]))}\n"
            )
            continue
        said, well = read(name, export.resolve())
        results.append(well)
        sys.stdout.write(said)
        sys.stdout.flush()
    sys.exit(0 if results and all(results) else 1)


if __name__ == "__main__":
    main()
