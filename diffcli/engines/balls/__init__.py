"""The enclosure's arithmetic: what each operation and function does to balls and series."""
