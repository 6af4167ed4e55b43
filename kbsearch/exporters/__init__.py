"""Writers of files: tables that people take away."""
