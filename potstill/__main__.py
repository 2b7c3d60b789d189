"""`python -m potstill COMMAND`: what the Makefile's goals call beside dvc and the tools."""

import gc

from potstill.commands import main

if __name__ == "__main__":
    gc.set_threshold(100_000)  # left as it is, Python's collector takes a sixth of the time in which DVC does nothing
    main()
