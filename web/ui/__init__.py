"""The pages."""

from __future__ import annotations

from flask import Blueprint

blueprint = Blueprint("ui", __name__)
