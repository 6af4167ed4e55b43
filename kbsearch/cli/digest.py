"""`kbsearch digest`: what happened in a week, as the text of an e-mail or as a file."""

from __future__ import annotations

from pathlib import Path

import click

from kbsearch.config import load_settings


@click.command(
    epilog="""\b
Examples:
  kbsearch digest                                     the last week that is over
  kbsearch digest --week 2026-W47 --text | mail -s "Digest" metodist@school.example
  kbsearch digest --xlsx week.xlsx --csv week.csv
"""
)
@click.option("--week", default="", help="2026-W47, or a day of it.  [default: the last that is over]")
@click.option("--text", is_flag=True, help="Print the text; so it does when no file is named.")
@click.option("--csv", "csv_path", type=click.Path(path_type=Path), help="Write the tables there.")
@click.option("--xlsx", "xlsx_path", type=click.Path(path_type=Path), help="Write them as a workbook.")
@click.option("--language", type=click.Choice(["ru", "en"]), help="[default: as the settings say]")
@click.option("--base-url", default="", help="Where the pages are, for links to them.")
def command(week: str, text: bool, language: str | None, base_url: str, **paths: Path | None) -> None:
    """Tell what was asked in a week, what grows, what is not covered and what cases did."""
    from kbsearch.app import Kbsearch
    from kbsearch.exporters.tables import to_csv, to_xlsx
    from web import create_app
    from web.ui.digest import digest_tables_of, digest_text

    app = Kbsearch(load_settings())
    flask, spoken = create_app(app), language or app.settings.language
    if any(paths.values()):
        site = base_url.rstrip("/")
        sheets = [table.sheet(site) for table in digest_tables_of(flask, week, spoken)]
        for path, write in ((paths["csv_path"], to_csv), (paths["xlsx_path"], to_xlsx)):
            if path:
                path.write_bytes(write(sheets))
                click.echo(f"{path} is written.", err=True)
    if text or not any(paths.values()):
        click.echo(digest_text(flask, week, spoken, base_url), nl=False)
