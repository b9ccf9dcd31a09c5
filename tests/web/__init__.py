"""The pages, on a real database and a real audit record."""
