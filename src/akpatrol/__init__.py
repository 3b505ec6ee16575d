"""akpatrol: a credential leak scanner for Anyreach API credentials.

``Scanner`` is the engine as a library; what it returns is in ``akpatrol.model.scan``.
"""

from __future__ import annotations

# Instead of typing's own, whose import takes longer than everything that runs before signals are handled.
TYPE_CHECKING = False

if TYPE_CHECKING:
    from akpatrol.scanner import Scanner as Scanner

__version__ = "0.1.0"
__all__ = ["Scanner", "__version__"]


def __getattr__(name: str) -> object:
    """Import ``Scanner`` on first use: the command line starts without it."""
    if name == "Scanner":
        from akpatrol.scanner import Scanner  # noqa: PLC0415

        return Scanner
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
