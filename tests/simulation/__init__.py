"""Schools whose truth is known."""
