"""``python -m diffcli.cli``: the command line without its script."""

from diffcli.cli.main import main

if __name__ == "__main__":
    main()
