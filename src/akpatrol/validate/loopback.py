"""Recognise the names of this machine, to which a connection needs no encryption.

A name that is only looked up to be this machine's is not one: who answers the look-up could say so of any.
"""

from __future__ import annotations

from ipaddress import ip_address


def is_loopback(host: str) -> bool:
    """Return whether a host is this machine by its name, without a look-up."""
    return host == "localhost" or (is_ip_address(host) and ip_address(host).is_loopback)


def is_ip_address(host: str) -> bool:
    """Return whether a host is given by its address; one with a zone is not."""
    try:
        return "%" not in host and bool(ip_address(host))
    except ValueError:
        return False
