"""The sections of the page: each one file that declares `SECTION`, and its template beside it."""
