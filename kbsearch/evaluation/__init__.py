"""Measuring matching and clustering on labelled sets, away from the live database."""
