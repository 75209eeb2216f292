"""What somebody would pick instead of this program, one script each. They are run by a Python of their own
(`index/bench/own_python.py`), import nothing of this program, and nothing of it imports them."""
