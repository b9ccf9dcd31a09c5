"""Meeting minutes: a transcript into decisions, actions and summaries, each tied to its lines."""
