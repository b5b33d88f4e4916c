"""The events of many orders through several relays, of which one dies by SIGKILL every second.

    python -m benchmarks.relay_under_fire                 # 10,000 orders, 4 relays
    python -m benchmarks.relay_under_fire --orders 500

Every event must reach every destination, in the order of its subject, and have its effect there once; over HTTP it may
come once more under the same id, when its sender was killed before it had the answer. Exits 1 otherwise. Needs what
the tests need, and starts its own PostgreSQL, which writes to disk as it would in production.
"""

import argparse
import random
import sys

from benchmarks.outbox.database import run_on_fresh_database


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--orders", type=int, default=10_000, help="(%(default)s)")
    parser.add_argument("--relays", type=int, default=4, help="processes (%(default)s)")
    parser.add_argument("--every", type=float, default=1.0, help="seconds between two kills (%(default)s)")
    parser.add_argument("--lease", type=int, default=16, help="seconds after which a dead relay's work is taken over")
    parser.add_argument("--seed", type=int, default=random.randrange(10_000), help="of the killer (random)")
    options = vars(parser.parse_args())
    environment = {
        "EVENT_LEASE_SECONDS": str(options.pop("lease")),
        "WEBHOOK_TIMEOUT_SECONDS": "5",
        "WEBHOOK_RETRY_SECONDS": ",".join(["1"] * 100),
        # What dies with its sender occupies its place until its lease is over.
        "WEBHOOK_CONCURRENCY": "10000",
    }
    arguments = [f"--{name}={value}" for name, value in options.items()]
    return run_on_fresh_database("relay_under_fire", *arguments, **environment)


if __name__ == "__main__":
    sys.exit(main())
