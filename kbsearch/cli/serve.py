"""`kbsearch serve`: pages, API and worker in one process."""

from __future__ import annotations

import gc
import logging
import signal
import sys
import threading
from types import FrameType
from typing import TYPE_CHECKING, Any

import click

from kbsearch.cli.init import prepare_database, tell_how_to_begin
from kbsearch.config import load_settings
from kbsearch.errors import ConfigurationError, KbsearchError

if TYPE_CHECKING:
    from kbsearch.app import Kbsearch

WORKER_STOP_SECONDS = 15
MEGABYTE = 1024 * 1024

_log = logging.getLogger("kbsearch.serve")


@click.command(
    epilog="""\b
Examples:
  kbsearch serve
  kbsearch serve --host 0.0.0.0 --port 8080
  KBSEARCH_EMBEDDED_WORKER=false kbsearch serve    (and `kbsearch worker` beside it)
"""
)
@click.option("--host", default=None, help="Address to listen on.  [default: 127.0.0.1]")
@click.option(
    "--port", type=click.IntRange(0, 65535), default=None, help="Port; 0 takes a free one.  [default: 8000]"
)
@click.option(
    "--threads", type=click.IntRange(1, 64), default=None, help="Threads that answer.  [default: 4]"
)
def command(host: str | None, port: int | None, threads: int | None) -> None:
    """Run the pages and the API, with the worker inside, until it is told to stop."""
    from kbsearch.app import Kbsearch

    given = {"host": host, "port": port, "threads": threads}
    serve(Kbsearch(load_settings(**{name: value for name, value in given.items() if value is not None})))


def serve(app: Kbsearch) -> None:
    """Serve ``app`` until SIGTERM or SIGINT; requests and rows at work are finished first.

    Raises:
        ConfigurationError: the address cannot be listened on, or a setting is wrong.
        StorageUnavailable: the database cannot be reached or upgraded.
    """
    from web import create_app

    _log_to_stderr()
    prepare_database(app)
    _compose(app)
    pages = create_app(app)
    server = _listen(app, pages)
    signal.signal(signal.SIGTERM, _stop)
    worker, stop = _start_worker(app)
    threading.Thread(target=_warm, args=(app, pages), name="warm", daemon=True).start()
    click.echo(f"kbsearch serves {', '.join(_addresses(server))} (Ctrl+C stops it)")
    tell_how_to_begin(app)
    try:
        server.run()
    finally:
        stop.set()
        if worker is not None:
            worker.join(WORKER_STOP_SECONDS)
        app.database.close()
        click.echo("kbsearch has stopped.")


def _log_to_stderr() -> None:
    logging.basicConfig(format="%(asctime)s %(levelname)s %(name)s: %(message)s", stream=sys.stderr)
    logging.getLogger("kbsearch").setLevel(logging.INFO)


def _compose(app: Kbsearch) -> None:
    # Made here, because from now on several threads would make them on first use.
    for part in ("embedder", "case_index", "question_index", "maintenance", "pipeline", "questions", "cases"):
        getattr(app, part)
    for part in ("search", "suggestions", "clusters", "people", "jobs", "imports", "cluster_runner"):
        getattr(app, part)
    for part in ("active_matcher", "promise", "quality", "golden", "versions", "night", "first_matches"):
        getattr(app, part)


def _listen(app: Kbsearch, pages: Any) -> Any:
    from web.serving import listen

    settings = app.settings
    try:
        return listen(
            pages,
            host=settings.host,
            port=settings.port,
            threads=settings.threads,
            ident=None,
            # Twice what Flask takes, so that it is Flask that refuses, in words.
            max_request_body_size=2 * settings.max_upload_mb * MEGABYTE,
            clear_untrusted_proxy_headers=settings.trusted_proxies == 0,
        )
    except (OSError, ValueError) as error:
        raise ConfigurationError(
            "Cannot listen on {host}, port {port}: {reason}.",
            remedy="Stop the program that uses the port, or take another one with --port.",
            host=settings.host,
            port=settings.port,
            reason=getattr(error, "strerror", None) or str(error),
        ) from error


def _addresses(server: Any) -> list[str]:
    listening = getattr(server, "effective_listen", None) or [(server.effective_host, server.effective_port)]
    return [f"http://{f'[{host}]' if ':' in host else host}:{port}" for host, port in listening]


def _stop(number: int, frame: FrameType | None) -> None:
    raise SystemExit(0)


def _start_worker(app: Kbsearch) -> tuple[threading.Thread | None, threading.Event]:
    if not app.settings.embedded_worker:
        return None, threading.Event()
    from kbsearch.worker import start_thread

    return start_thread(app)


def _warm(app: Kbsearch, pages: Any) -> None:
    """Load the encoder, the index and the pages, so that the first student does not wait for them."""
    try:
        app.suggestions.suggest("как начать", store=False)
        if app.reranker:
            app.reranker.load()
    except KbsearchError as error:
        _log.warning("not everything is ready: %s %s", error.message, error.remedy)
    for name in pages.jinja_env.list_templates():
        pages.jinja_env.get_template(name)
    stop_scanning()


def stop_scanning() -> None:
    """Take what stays until the end out of the collector's sight.

    Else a page in ten waits 0.1 s for it to look through modules, templates and models, which never go.
    """
    gc.collect()
    gc.freeze()
