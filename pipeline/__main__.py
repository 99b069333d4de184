"""`python -m pipeline STAGE …`: the command line."""

import sys

if sys.version_info[:2] != (3, 11):
    sys.exit(
        f"error: Python 3.11 is needed, this is {sys.version.split()[0]} (run `make`, which sets up .venv with it)"
    )

from pipeline import interruption

interruption.listen()
try:
    from pipeline.app import main
except BaseException:
    if interruption.asked():
        sys.exit(130)
    raise

if __name__ == "__main__":
    sys.exit(main())
