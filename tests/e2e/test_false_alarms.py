# SPDX-License-Identifier: MIT
"""Ordinary traffic raises no error and no warning in the default profile: false_alarms.py, the gate of every change to
rules and matching."""
import false_alarms


def test_ordinary_traffic_raises_no_alarm():
    redirects, findings = false_alarms.measure()
    assert redirects >= 150
    assert [finding for finding in findings if finding["severity"] != "info"] == []
