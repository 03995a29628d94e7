"""`python -m fsm`: the command line where its script is not on the path."""

from fsm.cli import main

if __name__ == "__main__":
    main()
