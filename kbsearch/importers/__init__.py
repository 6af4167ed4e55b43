"""Readers of files people bring: each turns a file into records, row by row, and never stores anything."""
