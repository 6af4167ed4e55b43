"""Finding the cases that answer a question: candidates, fusion, probability, decision and reasons."""
