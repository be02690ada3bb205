"""The functions of the table in torch, and how each is differentiated."""
