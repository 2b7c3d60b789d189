"""Stage fetch: write the model that chat students begin as."""

from pathlib import Path

import click

from potstill.core.options import path_option
from student.core.libraries import quiet_libraries
from student.core.params import BUNDLED, load_student_params


@click.command()
@path_option("base", "Folder for the model, as transformers writes one.")
def main(base: Path) -> None:
    """Take the bundled model, one in a folder, or one on the Hub."""
    chat = load_student_params().chat
    quiet_libraries(offline=chat.model == BUNDLED or Path(chat.model).is_dir())
    from student.chat.base import fetch_base  # noqa: PLC0415 (imports what reads the lines above)

    click.echo(fetch_base(chat.model, chat.revision, base))


if __name__ == "__main__":
    main()
