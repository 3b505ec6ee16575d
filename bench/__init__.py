"""Measurements, and what is made from source code by hand."""
