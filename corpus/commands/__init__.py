"""The commands of `python -m corpus`, a file for each subject. Each `add` puts its commands on the parser; what a
command needs is imported when it runs, so that `--help` is quick."""
