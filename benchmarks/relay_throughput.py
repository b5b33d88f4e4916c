"""How many events a second reach a function in the process and an HTTP address, beside a public library's same job.

    pip install -r benchmarks/requirements.txt
    python -m benchmarks.relay_throughput

Compared with django-outbox-pattern on the same PostgreSQL in the same run, taking turns; without its broker, so that
it is measured and not RabbitMQ. Starts its own PostgreSQL, which writes to disk as it would in production.
"""

import argparse
import sys
from importlib.util import find_spec

from benchmarks.outbox.database import run_on_fresh_database


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--events", type=int, default=3_000, help="in each measurement (%(default)s)")
    parser.add_argument("--rounds", type=int, default=3, help="of all measurements (%(default)s)")
    options = parser.parse_args()
    if find_spec("django_outbox_pattern") is None:
        parser.error("pip install -r benchmarks/requirements.txt")
    arguments = [f"--events={options.events}", f"--rounds={options.rounds}"]
    return run_on_fresh_database("relay_throughput", *arguments)


if __name__ == "__main__":
    sys.exit(main())
