"""The interactive session: its definitions, the lines typed into it, and the prompt."""
