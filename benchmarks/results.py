"""What was measured, in results.json, and the tables that docs/benchmarks.md shows of it.

A measurement is a list of rows, each with the table's headings for its keys. cog writes the tables: `make docs`.
"""

import json
import os
import platform
import re
import subprocess
from datetime import UTC, datetime
from pathlib import Path

FILE = Path(__file__).with_name("results.json")
NOTHING = "(not measured yet)"
Rows = list[dict[str, object]]


def save(name: str, rows: Rows) -> None:
    """Keep the rows with the machine that they were measured on, in place of the last ones, and print their table."""
    kept = json.loads(FILE.read_text("utf-8")) if FILE.exists() else {}
    kept[name] = {"machine": describe_machine(), "rows": rows}
    FILE.write_text(json.dumps(kept, indent=1) + "\n", "utf-8")
    print(render(name), flush=True)


def describe_machine() -> str:
    """Return the machine, its load, the commit and the day."""
    models = re.findall(r"^model name\s*: (.*)", Path("/proc/cpuinfo").read_text(), re.MULTILINE)
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    commit = subprocess.run(
        ["git", "rev-parse", "--short", "HEAD"], cwd=FILE.parent, capture_output=True, text=True, check=True
    ).stdout
    return (
        f"{len(os.sched_getaffinity(0))} cores ({models[0] if models else platform.machine()}), {memory:.0f} GiB, "
        f"Python {platform.python_version()}, commit {commit.strip()}, {datetime.now(UTC):%Y-%m-%d}, "
        f"load at the end {os.getloadavg()[0]:.1f}"
    )


def read(name: str) -> Rows:
    """Return the rows of a measurement, none if it was never made."""
    kept = json.loads(FILE.read_text("utf-8")) if FILE.exists() else {}
    rows: Rows = kept.get(name, {}).get("rows", [])
    return rows


def render(name: str) -> str:
    """Return the Markdown table of a measurement, with its machine below."""
    kept = json.loads(FILE.read_text("utf-8")).get(name)
    return f"{render_table(kept['rows'])}\n\n({kept['machine']})" if kept else NOTHING


def render_table(rows: Rows) -> str:
    """Return rows as a Markdown table; numbers are aligned to the right."""
    if not rows:
        return NOTHING
    heads = [*rows[0]]
    marks = ["---" if isinstance(rows[0][head], str) else "---:" for head in heads]
    lines = [heads, marks, *([render_value(row.get(head)) for head in heads] for row in rows)]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def render_value(value: object) -> str:
    """Return a number with three digits that count, anything else as it is."""
    if not isinstance(value, float):
        return "" if value is None else f"{value:,}" if isinstance(value, int) else str(value)
    digits = max(0, 2 - len(str(int(abs(value)))) + 1) if abs(value) >= 1 else 3
    return f"{value:,.{digits}f}"
