"""The sections of the page: each is a file that declares `SECTION`, and its template beside it."""
