"""The bundled teacher, served with our own settings and asked by a bare loop: what its answers alone take.

python benchmarks/bare_teacher.py REQUESTS_FOLDER [TOKENS]: with TOKENS, each answer has as many, and its own clock's
rates are printed.
"""

import json
import sys
from pathlib import Path
from urllib.request import Request, urlopen

from potstill.teacher.api.bundled import MODEL, serve


def main(folder: str, tokens: str = "") -> None:
    """Ask every request of the folder, one after the other."""
    lines = [line for path in sorted(Path(folder).glob("*.jsonl")) for line in path.read_text("utf-8").splitlines()]
    settings = {"max_tokens": int(tokens), "ignore_eos": True} if tokens else {"max_tokens": 200}
    timings = []
    with serve(MODEL) as teacher:
        for line in lines:
            body = {"messages": json.loads(line)["messages"], "temperature": 0, **settings}
            headers = {"Authorization": f"Bearer {teacher.key}", "Content-Type": "application/json"}
            request = Request(f"{teacher.endpoint}/chat/completions", json.dumps(body).encode(), headers)
            with urlopen(request) as response:
                timings.append(json.load(response)["timings"])
    for part in ("prompt", "predicted"):
        count, milliseconds = (sum(timing[f"{part}_{unit}"] for timing in timings) for unit in ("n", "ms"))
        print(json.dumps({"part": part, "tokens": count, "per_s": 1000 * count / milliseconds}))


if __name__ == "__main__":
    main(*sys.argv[1:])
