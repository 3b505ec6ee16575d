"""Encodings: base64, hex, escapes and wide text, found where a trigger fires."""
