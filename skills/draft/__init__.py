"""Drafts: documents in the office's own form, from what a person gave and the office's records."""
