"""Figures: each benchmark prints its own, with a peer beside it where one exists."""
