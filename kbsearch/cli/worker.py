"""`kbsearch worker`: the worker as a process of its own."""

from __future__ import annotations

import logging
import signal
import sys
import threading

import click

from kbsearch.config import load_settings


@click.command(
    epilog="""\b
Examples:
  kbsearch worker
  KBSEARCH_EMBEDDED_WORKER=false kbsearch serve    (the server, without a worker of its own)
"""
)
def command() -> None:
    """Index what changes and run imports, clustering and rebuilds, until told to stop.

    `kbsearch serve` does this itself; a worker of its own keeps a busy server quick.  Of several workers on
    one home folder one works and the others stand by.
    """
    from kbsearch.app import Kbsearch
    from kbsearch.cli.init import prepare_database
    from kbsearch.worker import Worker

    logging.basicConfig(format="%(asctime)s %(levelname)s %(name)s: %(message)s", stream=sys.stderr)
    logging.getLogger("kbsearch").setLevel(logging.INFO)
    app = Kbsearch(load_settings())
    prepare_database(app)
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    click.echo(f"Worker for {app.settings.home} (Ctrl+C stops it).")
    Worker(app).run(stop)
    click.echo("The worker has stopped.")
