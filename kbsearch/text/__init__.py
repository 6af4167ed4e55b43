"""Rules about text: language, words and stems, and the chatter around a question."""
