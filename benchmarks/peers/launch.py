"""Ask in one way, in its own environment: `python launch.py WAY REQUESTS ENDPOINT CONCURRENCY REPORT`.

WAY is a file with `ask(conversations, endpoint, concurrency)`, which returns a text, or None, for each conversation.
Its imports are timed apart.
"""

import importlib.util
import json
import sys
from pathlib import Path
from resource import RUSAGE_CHILDREN, RUSAGE_SELF, getrusage
from time import perf_counter


def read_clocks() -> tuple[float, float]:
    """Return the seconds on the wall, and those of CPU of this process and of its children that ended."""
    used = [getrusage(who) for who in (RUSAGE_SELF, RUSAGE_CHILDREN)]
    return perf_counter(), sum(usage.ru_utime + usage.ru_stime for usage in used)


def main(way: str, requests: str, endpoint: str, concurrency: str, report: str) -> None:
    """Write the texts, and what asking cost without the imports, to the report."""
    conversations = [json.loads(line)["messages"] for line in Path(requests).read_text("utf-8").splitlines()]
    spec = importlib.util.spec_from_file_location("way", way)
    sys.modules["way"] = module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    wall, cpu = read_clocks()
    texts = module.ask(conversations, endpoint, int(concurrency))
    wall_after, cpu_after = read_clocks()
    asking = {"seconds": wall_after - wall, "cpu_s": cpu_after - cpu, "texts": texts}
    Path(report).write_text(json.dumps(asking), "utf-8")


if __name__ == "__main__":
    main(*sys.argv[1:])
