"""Containers: archives, compressed files, documents and databases, recognised by their content."""
