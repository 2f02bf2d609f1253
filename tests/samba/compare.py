#!/usr/bin/python3
"""Compares an answerer of access questions with Samba's access_check. See README.md here.

One case per line goes to the answerer's standard input:
    ID DESCRIPTOR USER GROUPS RESTRICTING FLAGS DESIRED PARENT
and one answer per line comes back, in any order:
    ID granted|denied MASK        or        ID unsupported WORDS
Restricted tokens are two questions to Samba, one with user and groups, one with the restricting
SIDs; for write-restricted tokens the second one has only the write part of the request.

    compare.py [--answerer CMD] [--profile all|files] [--count N] [--seed N] [--show N]

Ends with "N passed, N failed, N skipped"; exit 0 only when nothing failed.
"""
import argparse
import collections
import os
import random
import shlex
import subprocess
import sys
import time

sys.dont_write_bytecode = True  # the source tree stays as it is
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))

from cases import line_of, random_case, text_of  # noqa: E402
from classes import AGREED, CLASSES  # noqa: E402

BATCH = 5000


def arguments():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    build = os.environ.get("BUILD", "build")
    parser.add_argument("--answerer", default=os.path.join(build, "native/samba/model"))
    parser.add_argument("--profile", choices=["all", "files"], default="all")
    parser.add_argument("--count", type=int, default=20000, help="random cases to be answered")
    parser.add_argument("--seed", default=os.environ.get("SBX_SEED"))
    parser.add_argument("--show", type=int, default=10, help="failures to print in full")
    parser.add_argument("--timeout", type=float, default=600, help="seconds for one batch")
    return parser.parse_args()


def answers_of(options, cases):
    """{index: (granted, mask) or a string why not} from one run of the answerer."""
    lines = "".join(line_of(i, case) + "\n" for i, case in enumerate(cases))
    run = subprocess.run(shlex.split(options.answerer), input=lines, capture_output=True,
                         text=True, timeout=options.timeout, check=False)
    answers = {}
    for line in run.stdout.splitlines():
        fields = line.split(None, 2)
        if line.startswith("#") or len(fields) < 2:
            continue
        if fields[1] == "unsupported":
            answers[int(fields[0])] = fields[2] if len(fields) > 2 else "no reason"
        else:
            answers[int(fields[0])] = (fields[1] == "granted", int(fields[2], 16))
    if len(answers) < len(cases):
        sys.stderr.write(run.stderr[-2000:])
    return answers


def normal(answer):
    return answer if answer[0] else (False, 0)


class Comparison:
    def __init__(self, options):
        from samba_side import ask
        self.ask = ask
        self.options = options
        self.passed = self.failed = self.skipped = 0
        self.explained = collections.Counter()
        self.unsupported = collections.Counter()
        self.granted = self.restricted = 0

    def explanation(self, case, answer):
        """Names of the corrections that make Samba's answer equal; None if none do."""
        names = [c.name for c in CLASSES if c.applies(case)]
        for tried in [(name,) for name in names] + [tuple(names)]:
            if normal(self.ask(case, tried)) == answer:
                return tried
        for name in names:  # the smallest set that still needs no more than one left out
            tried = tuple(other for other in names if other != name)
            if normal(self.ask(case, tried)) == answer:
                return tried
        return None

    def fail(self, case, answer, why):
        self.failed += 1
        if self.failed <= self.options.show:
            print("not equal: %s\n  answerer %s\n  samba    %s\n  %s\n  line     %s" % (
                why, show(answer), show(self.ask(case)), text_of(case), line_of(0, case)))

    def judge(self, case, answer, index):
        if answer is None:
            self.fail(case, (False, 0), "no answer to case %d" % index)
        elif isinstance(answer, str):
            self.skipped += 1
            self.unsupported[answer] += 1
        elif self.ask(case) == answer:
            self.count(case, answer)
        else:
            names = self.explanation(case, answer)
            if names is None:
                self.fail(case, answer, "case %d" % index)
            else:
                self.count(case, answer)
                self.explained["+".join(names)] += 1

    def count(self, case, answer):
        self.passed += 1
        self.granted += answer[0]
        self.restricted += bool(case.restricting)

    def fixed(self):
        """The pinned case of each class, and the rules on which all agree."""
        rows = [(c.name + ": " + c.says, c.pinned, (c.granted, c.mask), (c.name,))
                for c in CLASSES]
        rows += [(name, case, (granted, mask), ()) for name, case, granted, mask in AGREED]
        answers = answers_of(self.options, [row[1] for row in rows])
        for i, (name, case, expected, correction) in enumerate(rows):
            answer = answers.get(i)
            if isinstance(answer, str):
                self.skipped += 1
                self.unsupported[answer] += 1
            elif answer != expected or normal(self.ask(case, correction)) != expected:
                self.fail(case, answer or (False, 0), "pinned: %s: expected %s" % (
                    name, show(expected)))
            else:
                self.passed += 1
                if correction and self.ask(case) == expected:
                    print("note: this Samba no longer differs in '%s'" % correction)

    def random(self, rng):
        done = tried = 0
        while done < self.options.count and tried < 4 * self.options.count:
            cases = [random_case(rng, self.options.profile)
                     for _ in range(min(BATCH, self.options.count - done))]
            answers = answers_of(self.options, cases)
            for i, case in enumerate(cases):
                self.judge(case, answers.get(i), tried + i)
                done += not isinstance(answers.get(i), str)
            tried += len(cases)
            if not answers:
                break


def show(answer):
    return "%s %08x" % ("granted" if answer[0] else "denied", answer[1])


def main():
    options = arguments()
    seed = int(options.seed, 0) if options.seed else int(time.time() * 1000) & 0xFFFFFFFF
    print("seed: SBX_SEED=%d" % seed)
    try:
        comparison = Comparison(options)
    except ImportError as error:
        print("skip: python3-samba is not installed (%s)" % error)
        print("0 passed, 0 failed, 1 skipped")
        return 0
    comparison.fixed()
    comparison.random(random.Random(seed))
    for names, count in sorted(comparison.explained.items()):
        print("explained by class '%s': %d" % (names, count))
    for reason, count in sorted(comparison.unsupported.items()):
        print("skip: %d cases: answerer cannot ask: %s" % (count, reason))
    print("granted %d, with restricting SIDs %d" % (comparison.granted, comparison.restricted))
    print("%d passed, %d failed, %d skipped" % (
        comparison.passed, comparison.failed, comparison.skipped))
    return 1 if comparison.failed or not comparison.passed else 0


if __name__ == "__main__":
    sys.exit(main())
