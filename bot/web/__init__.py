"""The pages: a local chat page and the audit pages, on Starlette.

`pages.build_pages` makes the routes; `sessions.make_login_link` makes the link people sign in by.
Nothing here knows the turn: what a question is answered by is handed in as a callable.
"""
