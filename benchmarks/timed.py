"""Run a command and write what it took: `python timed.py REPORT COMMAND...`.

It imports little: a process begins with its parent's memory, which would count for its peak.
"""

import json
import os
import sys
import time


def main(report: str, *command: str) -> int:
    """Write seconds, CPU seconds and the peak in KiB of the largest process, and return the exit code."""
    started = time.perf_counter()
    _, status, used = os.wait4(os.posix_spawnp(command[0], command, os.environ), 0)
    with open(report, "w", encoding="utf-8") as file:  # noqa: PTH123 (pathlib is an import)
        json.dump([time.perf_counter() - started, used.ru_utime + used.ru_stime, used.ru_maxrss], file)
    return os.waitstatus_to_exitcode(status)


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
