"""Unwrap bytes: open containers, recognised by their content, and decode encodings, where their triggers fire."""
