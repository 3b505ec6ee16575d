"""Documents and lines that log services hold, read through their APIs."""
