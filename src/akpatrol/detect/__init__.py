"""Finding: bytes in, matches out."""
