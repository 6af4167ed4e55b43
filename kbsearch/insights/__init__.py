"""What counts over time tell: trends, seasons of the course, and effects.  Statistics only: no database."""
