"""What a host's robots.txt allows. One that can't be read allows nothing."""

from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from urllib.parse import urlsplit

from protego import Protego

from pitchline.collect.classify import is_html
from pitchline.collect.clock import moment_of, spell
from pitchline.collect.source import Answer
from pitchline.errors import ArtifactError
from pitchline.files import read_json, write_json

FRESH_FOR = timedelta(hours=24)


class Robots:
    """The rules of every host, remembered on disk for a day.

    Args:
        folder: where they are kept, one file a host.
        ask: fetches an address, or None where no whole answer came.
        agent: the User-Agent whose product the rules are read for.
    """

    def __init__(self, folder: Path, ask: Callable[[str], Answer | None], agent: str) -> None:
        self._folder = folder
        self._ask = ask
        # What follows the product names the user's address, which may hold another's name.
        self._agent = agent.partition("/")[0]
        self._rules: dict[str, Protego | None] = {}

    def refusal(self, url: str, now: datetime) -> str | None:
        """Why an address may not be asked, or None if it may."""
        parts = urlsplit(url)
        host = f"{parts.scheme}://{parts.netloc}"
        if host not in self._rules:
            text = self._text(host, now)
            self._rules[host] = Protego.parse(text) if text is not None else None
        rules = self._rules[host]
        if rules is None:
            return f"{host}/robots.txt could not be read, which counts as closed"
        if not rules.can_fetch(url, self._agent):
            return f"{host}/robots.txt closes {parts.path} to programs"
        return None

    def _text(self, host: str, now: datetime) -> str | None:
        path = self._folder / f"{urlsplit(host).netloc.replace(':', '_')}.robots.json"
        try:
            kept = read_json(path, made_by="pitchline collect")
            is_fresh = abs(now - moment_of(kept["fetched_at"])) < FRESH_FOR
            if is_fresh and kept["host"] == host and isinstance(kept["text"], str):
                return kept["text"]
        except (ArtifactError, KeyError, TypeError, ValueError):
            pass
        answer = self._ask(f"{host}/robots.txt")
        if answer is None:
            return None
        if answer.status in (404, 410):
            text = ""
        elif answer.status == 200 and not is_html(answer.body):
            text = answer.body.decode("utf-8-sig", "replace")
        else:
            return None
        write_json(path, {"host": host, "fetched_at": spell(now), "text": text})
        return text
