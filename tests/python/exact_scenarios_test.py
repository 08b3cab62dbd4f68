"""Scenarios again, with recorders that echo the version of each order that they have done."""
from __future__ import annotations

import unittest

import more_scenarios_test as around
import scenarios_test as rows


class SecondCalls(rows.SecondCalls):
    exact = True


class Holders(rows.Holders):
    exact = True


class Calls(rows.Calls):
    exact = True


class Losses(rows.Losses):
    exact = True


class Sites(around.Sites):
    exact = True


class Kept(around.Kept):
    exact = True


if __name__ == "__main__":
    unittest.main()
