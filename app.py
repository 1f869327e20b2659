"""python app.py [--store DIR] [--host HOST] [--port PORT]: the chat page."""

import sys

from qa.cli import main

if __name__ == "__main__":
    sys.exit(main(["serve", *sys.argv[1:]]))
