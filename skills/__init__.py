"""Skills that come with the bot: one folder each, named as its SKILL.md says."""
