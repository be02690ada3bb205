"""Text → Function: tokens, names, the parser, the table of functions, points."""
