"""What zipfile raises when an archive cannot be read."""

from __future__ import annotations

import zipfile

UNREADABLE = (zipfile.BadZipFile, EOFError, NotImplementedError, RuntimeError)
"""NotImplementedError stands for a compression that it does not know, RuntimeError for an encrypted file."""
