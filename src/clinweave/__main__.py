"""`python -m clinweave`: the command line."""

from clinweave.cli import main

if __name__ == "__main__":
    main()
