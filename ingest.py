"""python ingest.py [PATH ...] [--store DIR] [--json]: read documents into the store, or bring it up to date."""

import sys

from qa.cli import main

if __name__ == "__main__":
    sys.exit(main(["ingest", *sys.argv[1:]]))
