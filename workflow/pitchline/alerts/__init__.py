"""Alerts: raised by anything that runs, sent by ``pitchline alerts send``.

To raise one costs a small file and never fails, whatever the disk or the caller's values are like;
nothing of it touches the network::

    from pitchline import alerts

    alerts.tell("collect/fbref-failed", "error", "FBref failed", "3 tries, the last: HTTP 503.")
    alerts.resolve("collect/fbref-failed", "FBref answered again.")
    alerts.send_soon()

The key says what the alert is about. Told again under a key that is open, it is counted; told with
another ``subject`` (a version, a run) it is news. ``resolve`` closes the key, and whoever was told
of it hears of the recovery. ``send_soon`` starts a process of its own that sends what waits and
goes on trying for a while; a runner may call ``sender.send`` instead, or the command. Whoever looks
after things regularly calls ``send_waiting``.

The modules: ``record`` (one alert), ``spool`` (on disk, until it is read), ``book`` (all that is
known), ``reading`` and ``planning`` (pure: what an alert changes, what is due to whom),
``message``, ``routes``, ``courier`` (apprise, in a process of its own), ``sender``, ``command``.
"""

from pitchline.alerts.record import SEVERITIES, Severity
from pitchline.alerts.soon import send_soon, send_waiting
from pitchline.alerts.spool import is_open, resolve, tell

__all__ = ["SEVERITIES", "Severity", "is_open", "resolve", "send_soon", "send_waiting", "tell"]
