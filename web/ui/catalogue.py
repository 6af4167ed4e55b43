"""Translations: read straight from the .po files, once, so that nothing has to be compiled or shipped."""

from __future__ import annotations

from io import BytesIO
from pathlib import Path

from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from babel.support import NullTranslations, Translations
from flask import Flask
from flask_babel import Domain, get_locale

FOLDER = Path(__file__).parent.parent / "translations"


class CatalogueDomain(Domain):  # type: ignore[misc]  # Flask-Babel has no types
    """The texts of kbsearch in each language that has a ``messages.po``; English is in the code itself."""

    def get_translations(self) -> NullTranslations:
        """The texts in the language of this request."""
        language = str(get_locale() or "en")
        catalogue = self.cache.get(language)
        if not isinstance(catalogue, NullTranslations):
            catalogue = self.cache[language] = read_catalogue(language)
        return catalogue


def read_catalogue(language: str) -> NullTranslations:
    """The texts in ``language``; English when there is no file."""
    path = FOLDER / language / "LC_MESSAGES" / "messages.po"
    if not path.is_file():
        return Translations()
    with path.open("rb") as source:
        catalogue = read_po(source, locale=language)
    compiled = BytesIO()
    write_mo(compiled, catalogue)
    compiled.seek(0)
    return Translations(compiled)


def install(app: Flask) -> None:
    """Have Flask-Babel take its texts from here."""
    app.extensions["babel"].instance.domain_instance = CatalogueDomain()
