"""Where programs keep their literals: read from bytes alone, for the ends of credentials in pools without separators."""
