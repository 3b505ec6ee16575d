"""The text that PDF (ISO 32000) shows: objects are read by pypdf in a process of its own, pages are set here."""
