"""Migrations of the schema, run by `kbsearch.database`."""
