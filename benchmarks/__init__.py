"""How fast diffcli is, side by side with what a user would run instead."""
