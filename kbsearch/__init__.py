"""kbsearch: question triage and a knowledge base for online schools."""

__version__ = "0.1.0"
