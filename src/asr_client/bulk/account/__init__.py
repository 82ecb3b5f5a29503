"""
What comes of a run.

tally.py counts while it is under way; summary.py tells what came of it, scores.py how good that is.
"""
