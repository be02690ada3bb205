"""Where the time of a gradient goes."""
