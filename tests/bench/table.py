# SPDX-License-Identifier: MIT
#
# From measured values to a Markdown table: medians, and the ratios of hopaudit to a reference and to the best peer. Pure.
"""What a run found, and how it is printed."""

import statistics

METRICS = {
    "cpu": "CPU µs/request",
    "bulk": "CPU s/GB",
    "idle": "kB Pss each",
    "syscalls": "system calls/request",
    "instructions": "instructions/request",
}
OURS = "hopaudit"
REFERENCE = "nginx"
SECURE_REFERENCE = "squid-bump"


class Results:
    """Values by (workload, metric, contestant), in the order in which they came."""

    def __init__(self):
        self.values = {}
        self.failures = {}
        self.titles = {}

    def add(self, workload, metric, contestant, value):
        self.titles[workload.name] = workload.title
        self.values.setdefault((workload.name, metric), {}).setdefault(contestant, []).append(value)

    def fail(self, workload, metric, contestant, reason):
        self.titles[workload.name] = workload.title
        self.values.setdefault((workload.name, metric), {})
        self.failures.setdefault((workload.name, metric), {}).setdefault(contestant, reason)

    def medians(self, workload, metric):
        """By contestant; one that failed in any round has none."""
        failed = self.failures.get((workload, metric), {})
        measured = self.values.get((workload, metric), {})
        return {name: statistics.median(values) for name, values in measured.items() if name not in failed}


def number(value):
    """Three significant digits, thousands with a comma."""
    if value >= 1000:
        return f"{round(value, -len(str(int(value))) + 3):,.0f}"
    if value >= 100:
        return f"{value:.0f}"
    return f"{value:.1f}" if value >= 10 else f"{value:.2f}"


def ratio(ours, theirs):
    """The median of the ratios round by round: what disturbs a round disturbs both sides of it."""
    pairs = [a / b for a, b in zip(ours, theirs) if b > 0]
    return statistics.median(pairs) if pairs else None


def ratios(values, medians, reference=REFERENCE):
    """(ours to the reference, ours to the best peer, its name); None for what cannot be said."""
    others = {name: value for name, value in medians.items() if name != OURS and value > 0}
    if OURS not in medians or not others:
        return None, None, None
    best = min(others, key=others.get)
    ours = values[OURS]
    to_reference = ratio(ours, values[reference]) if reference in others else None
    return to_reference, ratio(ours, values[best]), best


def markdown(results, contestants, reference=REFERENCE, only=None):
    """One row for each workload (of `only`, when given) and metric; why a cell is empty stands below."""
    lines = [f"| workload | | {' | '.join(contestants)} | ÷ {reference} | ÷ best peer |",
             f"|---|---|{'---:|' * (len(contestants) + 2)}"]
    notes = {}
    last = None
    for (workload, metric), values in results.values.items():
        if only is not None and workload not in only:
            continue
        medians = results.medians(workload, metric)
        failed = results.failures.get((workload, metric), {})
        cells = [number(medians[c]) if c in medians else "failed" if c in failed else "–" for c in contestants]
        to_reference, to_best, best = ratios(values, medians, reference)
        title = results.titles[workload] if workload != last else ""
        lines.append(f"| {title} | {METRICS[metric]} | {' | '.join(cells)} "
                     f"| {'–' if to_reference is None else f'{to_reference:.2f}'} "
                     f"| {'–' if to_best is None else f'{to_best:.2f} ({best})'} |")
        last = workload
        for contestant, reason in failed.items():
            notes.setdefault((contestant, reason), []).append(f"{workload} {metric}")
    for (contestant, reason), where in notes.items():
        lines.append(f"\n- {contestant} failed in {', '.join(where)}: {reason}")
    return "\n".join(lines) + "\n"


def as_json(results, contestants):
    """Every value of every round, for a later comparison."""
    return [{
        "workload": workload, "metric": metric, "contestant": c, "values": values.get(c, []),
        "median": results.medians(workload, metric).get(c),
        "failed": results.failures.get((workload, metric), {}).get(c)
    } for (workload, metric), values in results.values.items() for c in contestants
            if c in values or c in results.failures.get((workload, metric), {})]
