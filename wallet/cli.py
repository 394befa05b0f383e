"""Commands: thin callers of the register's acts.

wallet db upgrade · wallet load-network DIR · wallet demo-links [--json] · wallet keys new|list
wallet agents add|venues|list · wallet tokens new|list|end · wallet retention [--apply] · wallet purge
"""

import json
import os
import sys
from datetime import datetime
from pathlib import Path
from typing import Any

import click
from flask import Flask, current_app
from flask.cli import FlaskGroup, with_appcontext

from wallet.clock import now
from wallet.codes import keys
from wallet.codes.days import number_of_day
from wallet.config import Settings, SettingsError
from wallet.register import agents, demo, invitations, network, retention, tokens
from wallet.register.errors import FileRefused, Refused
from wallet.register.identities import HeldRole

DEMO_HOLDER, DEMO_OTHER_HOLDER = 1986, 1961


@click.command("load-network")
@click.argument("folder", type=click.Path(exists=True, file_okay=False, path_type=Path))
@with_appcontext
def load_network(folder: Path) -> None:
    """Load areas.csv, venues.csv and issuers.csv of FOLDER: all or nothing, safe to do again."""
    try:
        loaded = network.load_network(folder, at=now())
    except FileRefused as refused:
        for file, row, text in refused.faults:
            click.echo(f"{file}, row {row}: {text}" if row else f"{file}: {text}", err=True)
        click.echo("Nothing was loaded.", err=True)
        sys.exit(1)
    click.echo(f"{loaded.areas} areas, {loaded.venues} venues, {loaded.issuers} issuers are in the register.")


@click.command("demo-links")
@click.option("--json", "as_json", is_flag=True, help="For scripts.")
@with_appcontext
def demo_links(as_json: bool) -> None:
    """Print a fresh link for each demo person. In development only: a link is a way in."""
    settings: Settings = current_app.config["SETTINGS"]
    if not settings.development:
        raise click.ClickException("demo-links works in development only (DEVELOPMENT=1).")
    links = demo_people(settings.origin)
    if as_json:
        click.echo(json.dumps(links, ensure_ascii=False, indent=1))
        return
    for link in links:
        click.echo(f"{link['who']}\n  {link['url']}")
        if "birth_year" in link:
            click.echo(f"  birth year {link['birth_year']}, code {link['code']}")
        if "note" in link:
            click.echo(f"  {link['note']}")


def demo_people(origin: str) -> list[dict[str, Any]]:
    """A fresh link for each demo person: {key, who, url} and perhaps code, birth_year, note."""
    at = now()
    unit = demo.demo_unit()
    demo.demo_events("vapriikki", at=at)
    demo.demo_course("tampereen-seudun-tyovaenopisto", at=at)
    agent = demo.demo_agent(("vapriikki", "tampereen-teatteri", "tampereen-seudun-tyovaenopisto"), at=at)

    def holder(key: str, who: str, birth_year: int, *, with_children: bool) -> dict[str, Any]:
        card = demo.demo_card(birth_year, with_children=with_children, at=at)
        code = invitations.invite_holder(card, by=None, at=at)
        shown = {"code": invitations.grouped(code), "birth_year": birth_year}
        return {"key": key, "who": who, "url": f"{origin}/activate#{code}"} | shown

    def gate(key: str, who: str, venue: str, note: str) -> dict[str, Any]:
        code = invitations.invite_gate(venue, by=None, at=at)
        url = f"{origin}/gate/enrol#{code}"
        return {"key": key, "who": who, "url": url, "code": invitations.grouped(code), "note": note}

    def staff(key: str, who: str, role: HeldRole) -> dict[str, Any]:
        account = demo.demo_account(who, f"{key}@example.org", role, at=at)
        code = invitations.invite_account(account, by=None, at=at)
        return {"key": key, "who": who, "url": f"{origin}/staff/start#{code}", "code": invitations.grouped(code)}

    return [
        holder("holder", "A holder with three child tickets", DEMO_HOLDER, with_children=True),
        holder("other-holder", "A holder without children", DEMO_OTHER_HOLDER, with_children=False),
        gate("gate", "A gate at Vapriikki", "vapriikki", "An evening with a ceiling is on today."),
        gate(
            "popup-gate",
            "A gate at Ateneum (pop-up)",
            "ateneum",
            "Its period in the real network ended on 31.12.2025: the gate refuses, and says why.",
        ),
        staff("desk", "An issuer's desk", HeldRole("desk", unit_id=unit)),
        staff("office", "A member of staff at Vapriikki", HeldRole("venue", venue_id="vapriikki")),
        staff("agent", "A ticket agent for three venues", HeldRole("agent", agent_id=agent)),
        staff("coordinator", "A coordinator, culture", HeldRole("coordinator", area_id="tampere", side="culture")),
        staff("support", "The support service", HeldRole("support")),
    ]


@click.group("keys")
def network_keys() -> None:
    """The network's keys: outside the database, in the file that NETWORK_KEYS_FILE names."""


_file = click.option(
    "--file",
    "path",
    type=click.Path(dir_okay=False, path_type=Path),
    default=lambda: os.environ.get("NETWORK_KEYS_FILE"),
    required=True,
    help="The key file (default: NETWORK_KEYS_FILE).",
)


@network_keys.command("new")
@click.argument("types", nargs=-1, type=click.Choice(keys.KEY_TYPES))
@_file
def keys_new(types: tuple[str, ...], path: Path) -> None:
    """Add a new key of each of TYPES (default: C1 C2 C3 L1) to the key file; it is made when it is not there."""
    keyring = _load_keys(path) if path.exists() else keys.Keyring()
    for kind in types or keys.KEY_TYPES:
        entry = keys.new(kind, now(), [key.kid for key in keyring.keys])
        keyring = keys.add(keyring, entry)
        click.echo(f"{kind}:{entry['kid']} made")
    _write_secret(path, keys.dump(keyring))


@network_keys.command("rotate")
@click.argument("type_", metavar="TYPE", type=click.Choice(keys.KEY_TYPES))
@_file
def keys_rotate(type_: str, path: Path) -> None:
    """Sign with a new key of TYPE from now on. Codes of the old one stay good until their own last day."""
    keyring = _load_keys(path)
    entry = keys.new(type_, now(), [key.kid for key in keyring.keys])
    _write_secret(path, keys.dump(keys.add(keyring, entry)))
    click.echo(f"{type_}:{entry['kid']} signs from now on; older keys still check.")


@network_keys.command("withdraw")
@click.argument("name", metavar="TYPE:KID")
@click.option("--issued-before", type=click.DateTime(["%Y-%m-%d"]), help="Refuse only what was issued before this day.")
@_file
def keys_withdraw(name: str, issued_before: datetime | None, path: Path) -> None:
    """A key was stolen: all that it signed is refused, online at once and offline with the gates' next list. Where no
    other key of its type can sign, a new one is made. Honest phones renew themselves when they are opened online."""
    keyring = _load_keys(path)
    type_, _, kid = name.partition(":")
    try:
        if issued_before is not None:
            first_day = number_of_day(issued_before.date())
            keyring = keys.change(keyring, type_, int(kid), earliest_issue_day=first_day)
        else:
            keyring = keys.change(keyring, type_, int(kid), withdrawn=now())
    except ValueError as error:
        raise click.ClickException(f"{name}: {error}") from error
    try:
        keyring.signing(type_)
    except keys.KeyFileError:
        entry = keys.new(type_, now(), [key.kid for key in keyring.keys])
        keyring = keys.add(keyring, entry)
        click.echo(f"{type_}:{entry['kid']} made to sign from now on")
    _write_secret(path, keys.dump(keyring))
    click.echo(f"{name} withdrawn" + (f" for what was issued before {issued_before:%Y-%m-%d}" if issued_before else ""))


@network_keys.command("list")
@_file
def keys_list(path: Path) -> None:
    """Say which keys there are; private halves are not shown."""
    for key in _load_keys(path).keys:
        state = f"withdrawn {key.withdrawn:%Y-%m-%d %H:%M}" if key.withdrawn else "in use"
        click.echo(f"{key.type}:{key.kid} made {key.made:%Y-%m-%d}, {state}")


def _load_keys(path: Path) -> keys.Keyring:
    try:
        return keys.load(path.read_text(encoding="utf-8"))
    except (OSError, keys.KeyFileError) as error:
        raise click.ClickException(f"{path}: {error}") from error


def _write_secret(path: Path, text: str) -> None:
    """Replace the file in one step, readable by its owner alone."""
    path.parent.mkdir(parents=True, exist_ok=True)
    fresh = path.with_suffix(".new")
    descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    fresh.replace(path)


# What a rule's name says of its rows.
RETENTION = {
    "links": "links of uses to their cards",
    "years": "links of yearly counts to their cards",
    "refusals": "refused scans",
    "credentials": "credentials that ended",
    "sign-ins": "sign-ins that ended",
    "letters": "letters and invitations that were used or not used in time",
    "lists": "old gate lists",
    "imports": "card files that were read",
    "journal links": "links of journal lines to their cards",
    "journal of sign-ins": "journal lines of sign-ins",
}


@click.command("retention")
@click.option("--dry-run/--apply", default=True, help="Say what would go (the default), or do it.")
@with_appcontext
def retain(*, dry_run: bool) -> None:
    """What has had its time: uses' links to cards after 13 months, refusals after 30 days, the rest by rules of their
    own. Counts stay. Safe to stop and to run again; run it daily."""
    counts = retention.due(at=now()) if dry_run else retention.purge(at=now())
    click.echo("This would go:" if dry_run else "This went:")
    for name, rows in counts.items():
        click.echo(f"{rows:>8}  {RETENTION[name]}")
    if dry_run:
        click.echo("Nothing was changed. With --apply it is done.")


@click.group("agents")
def ticket_agents() -> None:
    """Ticket agents: who sells for several venues and records uses for them."""


@ticket_agents.command("add")
@click.argument("agent_id", metavar="ID")
@click.argument("name")
@click.argument("venue_ids", metavar="VENUE...", nargs=-1)
@with_appcontext
def agents_add(agent_id: str, name: str, venue_ids: tuple[str, ...]) -> None:
    """Add the ticket agent ID, called NAME, which sells for these venues (ids as in venues.csv)."""
    try:
        agents.add_agent(agent_id, name, venue_ids, by=None, at=now())
    except Refused as refused:
        raise click.ClickException(refused.reason) from refused
    click.echo(f"{name} ({agent_id}) sells for {len(venue_ids)} venues.")


@ticket_agents.command("venues")
@click.argument("agent_id", metavar="ID")
@click.argument("venue_ids", metavar="VENUE...", nargs=-1)
@with_appcontext
def agents_venues(agent_id: str, venue_ids: tuple[str, ...]) -> None:
    """These and no others are the venues that the agent ID sells for from now on."""
    try:
        agents.set_agent_venues(agent_id, venue_ids, by=None, at=now())
    except Refused as refused:
        raise click.ClickException(refused.reason) from refused
    click.echo(f"{agent_id} sells for {len(venue_ids)} venues.")


@ticket_agents.command("list")
@with_appcontext
def agents_list() -> None:
    """Say which ticket agents there are, and for whom they sell."""
    for agent in agents.agents():
        click.echo(f"{agent.agent_id}: {agent.name}, {', '.join(agent.venue_ids) or 'no venues'}")


@click.group("tokens")
def api_tokens() -> None:
    """Tokens of the JSON API, for agents' and venues' own systems."""


@api_tokens.command("new")
@click.argument("name")
@click.option("--agent", "agent_id", metavar="ID", help="The ticket agent whose it is;")
@click.option("--venue", "venue_id", metavar="ID", help="or the venue.")
@click.option("--scope", "scopes", multiple=True, type=click.Choice(tokens.SCOPES), help="Each it has (default: all).")
@with_appcontext
def tokens_new(name: str, agent_id: str | None, venue_id: str | None, scopes: tuple[str, ...]) -> None:
    """Make a token called NAME, which venues see beside what it recorded, and print it: this once and never again."""
    given = scopes or tokens.SCOPES
    try:
        text = tokens.make_token(name, given, agent_id=agent_id, venue_id=venue_id, by=None, at=now())
    except Refused as refused:
        raise click.ClickException(refused.reason) from refused
    click.echo(text)


@api_tokens.command("list")
@click.option("--agent", "agent_id", metavar="ID", help="Of this ticket agent alone.")
@click.option("--venue", "venue_id", metavar="ID", help="Of this venue alone.")
@with_appcontext
def tokens_list(agent_id: str | None, venue_id: str | None) -> None:
    """Say which tokens there are, whose, and when each was used; what they are is not kept."""
    for token in tokens.tokens(agent_id=agent_id, venue_id=venue_id):
        used = f"used {token.used_at:%Y-%m-%d}" if token.used_at else "never used"
        state = f"ended {token.ended_at:%Y-%m-%d}" if token.ended_at else used
        owner = token.agent_id or token.venue_id
        click.echo(f"{token.token_id}: {token.name}, of {owner}, may {', '.join(token.scopes)}; {state}")


@api_tokens.command("end")
@click.argument("token_id", metavar="NUMBER", type=click.IntRange(1, 2**31 - 1))
@with_appcontext
def tokens_end(token_id: int) -> None:
    """End a token, by its number in the list. Its next request is refused."""
    try:
        tokens.end_token(token_id, by=None, at=now())
    except Refused as refused:
        raise click.ClickException(refused.reason) from refused
    click.echo(f"{token_id} ended.")


@click.command("purge")
@click.pass_context
def purge(context: click.Context) -> None:
    """The same as `wallet retention --apply`."""
    context.invoke(retain, dry_run=False)


def init(app: Flask) -> None:
    """Give the application its commands."""
    for command in (load_network, demo_links, ticket_agents, api_tokens, retain, purge):
        app.cli.add_command(command)


def _application() -> Flask:
    from wallet import create_app

    return create_app()


def main() -> None:
    """The `wallet` command."""
    group = FlaskGroup(name="wallet", create_app=_application, add_version_option=False, load_dotenv=False)
    # Keys come before there is anything to start with.
    group.add_command(network_keys)
    try:
        group.main()
    except SettingsError as error:
        click.echo(str(error), err=True)
        sys.exit(2)
