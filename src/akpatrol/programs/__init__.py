"""Where programs keep their literals, read from bytes alone: pools of them have no separators."""
