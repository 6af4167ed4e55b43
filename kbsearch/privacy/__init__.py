"""Privacy: masking personal data and pseudonyms of authors, before anything is stored."""
