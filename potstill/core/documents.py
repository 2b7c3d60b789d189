"""What people read, made of a template: the report page, its sections, cards."""

from collections.abc import Callable, Mapping
from pathlib import Path

Filters = Mapping[str, Callable[..., str]]


def render_document(template: Path, filters: Filters, /, **shown: object) -> str:
    """Return what a template makes of what is shown; a name that it has and `shown` has not is an error.

    In HTML every text is escaped; in Markdown what others wrote goes through the filters. What a template includes is
    named from its own folder or from the one above.
    """
    from jinja2 import Environment, FileSystemLoader, StrictUndefined, select_autoescape  # noqa: PLC0415 (it takes time)

    environment = Environment(
        loader=FileSystemLoader([template.parent, template.parent.parent]),
        autoescape=select_autoescape(["html"]),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    environment.filters |= filters
    return environment.get_template(template.name).render(shown)
