"""`python -m potstill COMMAND`: one command per goal of the Makefile that is no stage."""

from potstill.commands import main

if __name__ == "__main__":
    main()
