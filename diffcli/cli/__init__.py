"""The command line: text in, typed call, text out."""
