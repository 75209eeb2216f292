"""What this program costs on the machine at hand, as ratios: `python -m index bench`."""
