"""The report: one self-contained HTML page a run; one section a file in `sections/`, its template in `templates/`."""
