"""Says which finds are leaks: exceptions.conf names the others."""

import configparser
import fnmatch
import os
import re

import scan
import slots
from tokens import BODY, IDENT, KEEP, SAID


FILLER = "filler"  # takes the blocks of the disk in a fault; zeros
DISK_REPORT = "report.html"  # written by nymdesk(1)


def place_of(path, world):
    """(place, name) of a file of the world; None for what is not ours."""
    name = os.path.relpath(path, world.dir)
    if name.startswith("dovecot/mail/") or name == "state/" + FILLER:
        return None
    for head, place in (("nymdesk-log/", "LOG"), ("log/", "MTA-LOG"),
                        ("postfix/spool/", "SPOOL"),
                        # On the way to a mailbox of agents.
                        ("spool/", "AG")):
        if name.startswith(head):
            return place, name
    return "DISK", name


class Judge:
    """Collects finds and says which are leaks."""

    def __init__(self, run, exceptions):
        self.run = run
        self.hits = set()
        self.files = self.octets = 0
        self.rules = []
        parser = configparser.ConfigParser(interpolation=None)
        parser.read(exceptions, encoding="utf-8")
        for name in parser.sections():
            rule = dict(parser[name], name=name, used=0)
            missing = {"place", "where", "slot", "owner", "reason"} \
                - set(rule)
            if missing:
                raise SystemExit("%s: [%s] lacks %s" % (
                    exceptions, name, ", ".join(sorted(missing))))
            self.rules.append(rule)
        self.mailbox = {}

    def know_mailboxes(self):
        """Whose mailbox is whose, when all mails are made."""
        for mail in self.run.mails.values():
            if mail.address:
                self.mailbox.setdefault(mail.address.lower(), set()).add(
                    mail.serial)

    def add(self, found, place, path, moment):
        for mail, code, form, where in found:
            self.hits.add(scan.Hit(mail, code, form, where, place, path,
                                   moment))

    def owner(self, hit):
        """True if the token is of the player whose mailbox it is in."""
        user = re.search(r"/dovecot/mail/([^/]+)/", hit.path)
        return bool(user) and hit.mail in self.mailbox.get(user[1], ())

    def flow_of(self, hit):
        """How the mail was sent whose token it is; what has no register of
        owners is of the mail in whose copy it was found."""
        serial = hit.mail
        if serial is None:
            serial = next((serial for serial, copies
                           in self.run.copies.items()
                           if any(c.path == hit.path for c in copies)), None)
        mail = self.run.mails.get(serial)
        return mail.flow if mail else "-"

    def excused(self, hit):
        for rule in self.rules:
            if rule["place"] == hit.place \
                    and fnmatch.fnmatchcase(hit.where, rule["where"]) \
                    and any(fnmatch.fnmatchcase(hit.code or "?", slot)
                            for slot in rule["slot"].split()) \
                    and fnmatch.fnmatchcase(hit.moment,
                                            rule.get("moment", "*")) \
                    and (rule["owner"] == "any" or self.owner(hit)) \
                    and fnmatch.fnmatchcase(hit.form, rule.get("form", "*")) \
                    and fnmatch.fnmatchcase(hit.path, rule.get("path", "*")) \
                    and rule.get("flow", "*") in ("*", self.flow_of(hit)):
                rule["used"] += 1
                return True
        return False

    def leaks(self):
        """A damaged token beside a whole one says nothing new."""
        found = list(self.all_leaks())
        whole = {hit.path for hit in found if hit.code}
        return [hit for hit in found if hit.code or hit.path not in whole]

    def all_leaks(self):
        for hit in sorted(self.hits, key=repr):
            kind = slots.CLASS.get(hit.code, IDENT)
            if hit.place == "AG" and kind in (BODY, KEEP, SAID):
                continue
            if hit.place == "PL" and kind == SAID:
                continue
            if not self.excused(hit):
                yield hit

    def stale(self):
        """Entries that nothing used, though the run was large enough."""
        return [rule["name"] for rule in self.rules if not rule["used"]
                and len(self.run.mails) >= int(rule.get("mails", 0))]
