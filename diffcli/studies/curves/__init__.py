"""A function of one or two variables as it is drawn: samples, breaks, features."""
