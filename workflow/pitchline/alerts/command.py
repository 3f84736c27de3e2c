"""``pitchline alerts``: look at alerts, send them, try the routes."""

import json
import os
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import click

from pitchline import console, layout
from pitchline.alerts import courier, sender, spool
from pitchline.alerts.book import Book, Episode
from pitchline.alerts.message import dropped, spelt
from pitchline.alerts.planning import fits
from pitchline.alerts.record import environment_name, present
from pitchline.alerts.routes import addresses, route_of
from pitchline.errors import AlertError, ParamsError, PitchlineError
from pitchline.params import load
from pitchline.params.alerts import Alerts

STEP = "alerts"


class Moment(click.ParamType[datetime]):
    """A moment in UTC, such as 2026-05-08T02:00:00Z."""

    name = "moment"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """The moment that a text spells."""
        if isinstance(value, datetime):
            return value
        try:
            return datetime.strptime(value, "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=UTC)
        except ValueError:
            self.fail(f"{value!r} is no moment such as 2026-05-08T02:00:00Z", param, ctx)


@click.group()
def alerts() -> None:
    """List alerts, send them, and try where they go."""


@alerts.command()
@click.option(
    "--patience",
    type=click.FloatRange(0, 86400),
    default=0.0,
    show_default=True,
    help="Seconds to go on trying for what can't be sent at once.",
)
@click.option("--at-once", is_flag=True, help="Do not wait for others to join the message.")
@click.option("--at", type=Moment(), default=None, help="Act as at this moment, without waiting.")
@click.option("--strict", is_flag=True, help="Fail if anything could not be sent.")
@click.pass_obj
def send(
    params_file: Path, patience: float, at_once: bool, at: datetime | None, strict: bool
) -> None:  # fmt: skip
    """Send what is due; one sender at a time."""
    params = load(params_file).alerts
    post = sender.Post(params, os.environ)
    if at is not None:
        post = sender.Post(params, os.environ, clock=lambda: at)
        patience, at_once = 0.0, True
    try:
        report = sender.send(post, patience=patience, at_once=at_once)
    except PitchlineError as error:
        if strict:
            raise
        console.warn(STEP, str(error))
        return
    if report.busy:
        console.say(STEP, "another sender is at work and takes what is due")
        return
    for name, problem in report.failed:
        console.warn(STEP, f"{name}: {problem}")
    told = f"{report.sent} message(s) sent"
    if report.waiting:
        told += f", {report.waiting} notice(s) wait"
    console.say(STEP, told)
    if not addresses(params, os.environ):
        console.say(STEP, "no route is configured: see `pitchline alerts check`")
    if strict and (report.failed or report.waiting):
        raise AlertError(
            f"{len(report.failed)} message(s) could not be sent, {report.waiting} notice(s) wait. "
            "Try the routes with `pitchline alerts test`."
        )


@alerts.command("list")
@click.option("--open/--all", "only_open", default=True, help="Open ones (default), or all known.")
@click.option("--json", "as_json", is_flag=True, help="As JSON.")
@click.pass_obj
def list_alerts(params_file: Path, only_open: bool, as_json: bool) -> None:
    """List alerts, the newest first."""
    params = load(params_file).alerts
    book = sender.current(layout.ALERTS)
    found = [e for e in reversed(book.episodes) if e.open or not only_open]
    if as_json:
        click.echo(json.dumps([shown(book, each, params) for each in found], indent=2))
        return
    if not found:
        click.echo("no open alert" if only_open else "no alert")
    for each in found:
        state = "open" if each.closed_at is None else f"closed {spelt(each.closed_at)}"
        click.echo(
            f"{each.id}  {each.severity:<8}  {state}  {each.key}: {each.title}"
            + (f"  ({each.count} times)" if each.count > 1 else "")
        )
    if book.dropped and not only_open:
        click.echo(dropped(book.dropped))


@alerts.command()
@click.argument("alert_id", metavar="ID")
@click.pass_obj
def show(params_file: Path, alert_id: str) -> None:
    """Show one alert, by its id or a part of it that no other has."""
    params = load(params_file).alerts
    book = sender.current(layout.ALERTS)
    found = [each for each in book.episodes if alert_id in each.id]
    if len(found) != 1:
        problem = "no alert has it" if not found else f"{len(found)} alerts have it"
        raise AlertError(
            f"id {alert_id!r}: {problem}. `pitchline alerts list --all` shows the ids."
        )
    click.echo(json.dumps(shown(book, found[0], params), indent=2, ensure_ascii=False))


def shown(book: Book, episode: Episode, params: Alerts) -> dict[str, Any]:
    """One episode for a person or a program."""

    def moment(at: float | None) -> str | None:
        return None if at is None else datetime.fromtimestamp(at, UTC).isoformat(timespec="seconds")

    told = {
        name: {"last": entry.kind, "fate": entry.fate, "at": moment(entry.at)}
        for name, entries in book.known.items()
        if (entry := entries.get(episode.key)) is not None and entry.episode == episode.id
    }
    return {
        "id": episode.id,
        "key": episode.key,
        "subject": episode.subject,
        "open": episode.open,
        "severity": episode.severity,
        "title": episode.title,
        "text": episode.text,
        "source": episode.source,
        "environment": episode.environment,
        "facts": episode.facts,
        "count": episode.count,
        "opened_at": moment(episode.opened_at),
        "last_at": moment(episode.last_at),
        "closed_at": moment(episode.closed_at),
        "recovery": episode.recovery,
        "told": told,
        "routes": [each.name for each in addresses(params, os.environ) if fits(episode, each)],
    }


@alerts.command()
@click.option("--route", default=None, help="Only this one.")
@click.pass_obj
def test(params_file: Path, route: str | None) -> None:
    """Send a test message now, and say whether it came through."""
    params = load(params_file).alerts
    if route is not None and route not in params.routes:
        raise ParamsError(
            f"{params_file}: alerts.routes: no route {route!r}; there are "
            f"{', '.join(params.routes) or 'none'}."
        )
    chosen = [a for a in addresses(params, os.environ) if route in (None, route_of(a))]
    if not chosen:
        variables = [
            each.urls_from for name, each in params.routes.items() if route in (None, name)
        ]
        raise AlertError(f"nothing to test: not set: {', '.join(variables) or 'any route'}.")
    title = f"[Pitchline {environment_name()}] test"
    body = f"A test message of {present():%Y-%m-%d %H:%M:%S} UTC. Nothing is wrong."
    problems = []
    for each in chosen:
        outcome = courier.deliver(each, title, body, "info", params.send_seconds)
        console.say(STEP, f"{each.name}: {'it came through' if outcome.came else outcome.problem}")
        problems += [] if outcome.came else [each.name]
    if problems:
        raise AlertError(
            f"no test message came through on {', '.join(problems)}. Check the URLs in "
            f"{', '.join(sorted({a.variable for a in chosen if a.name in problems}))}."
        )


@alerts.command()
@click.pass_obj
def check(params_file: Path) -> None:
    """Say which routes are configured, what waits and what failed; nothing is sent."""
    params = load(params_file).alerts
    book = sender.current(layout.ALERTS)
    configured = addresses(params, os.environ)
    bad = []
    for name, route in params.routes.items():
        mine = [each for each in configured if route_of(each) == name]
        if not mine:
            console.say(STEP, f"{name}: not configured: {route.urls_from} is not set")
        for each in mine:
            outcome = courier.checked(each, params.send_seconds)
            trouble = book.trouble.get(each.name)
            told = "ready" if outcome.came else outcome.problem
            if trouble is not None:
                told += (
                    f"; {trouble.failures} failure(s) since {spelt(trouble.since)}, the last: "
                    f"{trouble.problem}; tried again from {spelt(trouble.next_at)}"
                )
            console.say(STEP, f"{each.name}: {told}")
            bad += [] if outcome.came else [each.name]
    unheard = [
        each
        for each in book.newest().values()
        if each.open and not any(fits(each, address) for address in configured)
    ]
    if unheard:
        console.warn(STEP, f"{len(unheard)} open alert(s) fit no configured route")
    if book.dropped:
        console.warn(STEP, dropped(book.dropped))
    if bad:
        raise AlertError(f"{', '.join(bad)}: can't be used. Mend the URL in its variable.")


@alerts.command()
@click.argument("key")
@click.option("--text", default="closed by hand", show_default=True, help="Why.")
@click.pass_obj
def resolve(params_file: Path, key: str, text: str) -> None:
    """Say that all is well again with KEY; whoever was told of it hears so."""
    load(params_file)
    if not spool.is_open(key):
        raise AlertError(f"key {key!r}: not open. `pitchline alerts list` shows the open ones.")
    if spool.resolve(key, text) is None:
        raise AlertError(f"{layout.ALERTS}: can't be written; {key!r} stays open.")
    console.say(STEP, f"{key}: closed; `pitchline alerts send` tells of it")
