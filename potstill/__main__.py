"""`python -m potstill COMMAND`: what the Makefile's goals call beside dvc and the tools."""

from potstill.commands import main

if __name__ == "__main__":
    main()
