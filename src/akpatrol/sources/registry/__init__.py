"""Registries of container images, by the OCI distribution API."""
