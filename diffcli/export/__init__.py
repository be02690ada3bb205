"""A formula and its derivatives as code that runs without diffcli, tried before it is shown."""
