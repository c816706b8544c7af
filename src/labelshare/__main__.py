"""`python -m labelshare`."""

from labelshare.cli import main

main()
