"""Credentials and texts that somebody asks for."""
