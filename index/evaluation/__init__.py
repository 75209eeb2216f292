"""Measuring finding: tasks, runs, measures with intervals, fairness, variety, honesty, cost, and the reports of them.

`python -m index evaluate FOLDER` is the door. A query with no result still counts; what was not measured is not zero;
an empty evaluation is an error.
"""
