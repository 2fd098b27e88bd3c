"""The commands of `sakura-rtx`, one module each, with `add_parser(subparsers)`."""
