"""Where programs keep their constants, read from bytes alone: pools of them have no separators."""
