"""What a run must show beside its finds: what has to arrive has arrived, and
what all mails have in common."""

import collections
import email
import re

import scan
import tokens
from planted import address_of, all_text
from staff import ARCHIVE, LISTS
HOP_FIELDS = {"return-path", "delivered-to", "received"}
COPY_FIELDS = {"from", "to", "reply-to", "subject", "date", "message-id",
               "in-reply-to", "references", "x-nymdesk", "mime-version",
               "content-type", "content-transfer-encoding"}
ANSWER_FIELDS = COPY_FIELDS - {"reply-to", "x-nymdesk"} | {"auto-submitted"}


# What has to be seen once at least: parts of their subjects.
NOTICES = {name: scan.template_subjects(name)
           for name in ("closed", "escalated", "transcript")}
WORDS = {"stage": "% of the time is over",
         "handed": "This ticket comes to level "}


class Checks:
    """A part of run.Test."""

    def check_arrivals(self):
        run = self.run
        run.index()
        missing, hidden, alone = [], [], []
        count = 0
        for serial, mail in run.mails.items():
            if mail.mint is None or not mail.keep or not mail.is_sent \
                    or not mail.has_copy or not mail.address:
                continue
            count += 1
            copies = run.copies.get(serial)
            if not copies:
                missing.append(serial)
                continue
            text = all_text(copies[0].parse()).decode("utf-8", "replace")
            hidden += ["%d %s" % (serial, word) for word in mail.keep
                       if word not in text]
            if mail.has_ack and serial not in run.answers:
                alone.append(serial)
        self.result("KEEP every mail's copy arrived", not missing,
                    "%d of %d, first %s" % (len(missing), count,
                                            missing[:5]))
        self.result("KEEP every wanted token arrived", not hidden,
                    "%d, first %s" % (len(hidden), hidden[:5]))
        self.result("every player has an acknowledgement", not alone,
                    "%d, first %s" % (len(alone), alone[:5]))
        self.kept = count
        self.check_sent()

    def check_said(self, said):
        """said: serial -> the users whose mailboxes have its words."""
        missing, wrong, count = [], [], 0
        for serial, mail in self.run.mails.items():
            if not mail.to_player or not mail.is_sent:
                continue
            count += 1
            users = said.get(serial, set())
            if mail.to_player.lower() not in users:
                missing.append(serial)
            wrong += [serial] if users - {mail.to_player.lower()} else []
        self.result("SAID every answer arrived",
                    not missing and (count or "agent" not in self.args.flows),
                    "%d of %d, first %s" % (len(missing), count,
                                            missing[:5]))
        self.result("SAID no answer reached another", not wrong,
                    str(wrong[:5]))

    def check_kept(self, kept, said):
        """What the archive has, and which notices there were."""
        self.result("KEEP every copy is in the archive",
                    kept.copies and kept.copies <= kept.archived,
                    "not %d of %d" % (len(kept.copies - kept.archived),
                                      len(kept.copies)))
        self.result("SAID every answer is in the archive",
                    set(said) <= kept.said,
                    str(sorted(set(said) - kept.said)[:5]))
        if "steer" in self.args.flows:
            missing = {"note", *NOTICES, *WORDS} - kept.notices
            self.result("every notice was seen", not missing,
                        " ".join(sorted(missing)))

    def check_sent(self):
        sent = collections.Counter(
            mail.flow for mail in self.run.mails.values() if mail.is_sent)
        for flow, refused in self.run.refused.items():
            self.result("flow %s was taken" % flow,
                        refused <= sent[flow] // 20,
                        "%d refused, e.g. %s" % (
                            refused, self.run.last_refusal))
        for flow in sorted(sent):
            self.result("flow %s ran" % flow, sent[flow] > 0)
        self.sent = sent

    def check_all_mails(self):
        """One look at every mail there is."""
        said, caps = {}, []
        agents, players, kept = Common(), Common(), Kept()
        known = {address_of(copy["Reply-To"]).split("@")[0].lower()
                 for copies in self.run.copies.values() for copy in copies}
        for user, path in self.run.stored():
            with open(path, "rb") as file:
                data = file.read()
            mail = email.message_from_bytes(data)
            text = all_text(mail)
            kept.add(user, mail, data)
            if user == ARCHIVE:
                kept.said |= set(self.words(text, "SAID.word"))
            if user in self.world.staff:
                agents.add(mail, user in LISTS and mail["X-Nymdesk"]
                           and not mail["Auto-Submitted"])
            else:
                for serial in self.words(text, "SAID.word"):
                    said.setdefault(serial, set()).add(user)
                players.add(mail, "MAILER-DAEMON" not in str(mail["From"]))
                caps += [path] * has_capability(data, text, known)
        self.check_said(said)
        self.check_kept(kept, said)
        self.check_common(agents, players)
        self.result("capabilities of the agents' side seen", bool(known))
        self.result("row G3 no capability of the agents' side for players",
                    not caps, "%d, first %s" % (len(caps), caps[:2]))

    def words(self, text, wanted):
        """Serials of the mails that have this token of theirs in a text."""
        for word in re.findall(tokens.WORD.pattern.encode(), text):
            serial, code = self.run.mint.read(
                tokens.MAGIC + b"".join(word).decode())
            if code == wanted:
                yield serial

    def check_common(self, agents, players):
        """What all copies and all answers have in common."""
        self.result("copies have all their fields",
                    agents.fields >= COPY_FIELDS,
                    str(COPY_FIELDS - agents.fields))
        self.result("row H19 a fixed set of fields in copies",
                    agents.fields <= COPY_FIELDS,
                    str(agents.fields - COPY_FIELDS))
        self.result("answers have a sender", bool(players.senders))
        self.result("row G11 one name in all answers",
                    len(players.senders) < 2, str(sorted(players.senders)[:5]))
        self.result("row G1 a fixed set of fields in answers",
                    players.fields <= ANSWER_FIELDS,
                    str(players.fields - ANSWER_FIELDS))
        self.result("row M12 no HTML for agents",
                    "text/html" not in agents.kinds, str(sorted(agents.kinds)))
        self.result("row G9 no HTML for players",
                    "text/html" not in players.kinds,
                    str(sorted(players.kinds)))


class Common:
    """What was seen in any mail of one side."""

    def __init__(self):
        self.fields, self.kinds, self.senders = set(), set(), set()

    def add(self, mail, is_ours):
        self.kinds |= {part.get_content_type() for part in mail.walk()}
        if is_ours:
            self.fields |= {name.lower() for name in mail.keys()} - HOP_FIELDS
            self.senders.add(re.sub(r"support\+[a-z0-9-]+@", "support+@",
                                    str(mail["From"])))


class Kept:
    """What the archive has to have, what it has, and which notices came."""

    def __init__(self):
        self.copies, self.archived = set(), set()  # Message-IDs
        self.said, self.notices = set(), set()

    def add(self, user, mail, data):
        if user == ARCHIVE:
            self.archived.add(mail["Message-ID"])
        elif user in LISTS:
            if mail["X-Nymdesk"] and not mail["Auto-Submitted"]:
                self.copies.add(mail["Message-ID"])
            subject = re.sub(r"\s+", " ", str(mail["Subject"]))
            self.notices |= {name for name, word in WORDS.items()
                             if word in subject}
            if "kind=note" in str(mail["X-Nymdesk"]):
                self.notices.add("note")
        else:
            self.notices |= {name for name, subjects in NOTICES.items()
                             if scan.has_subject(data, subjects)}


def has_capability(data, text, known):
    """True if one of these local parts is in a mail, in any coding."""
    text = scan.decode_text(data.decode("latin-1") + text.decode(
        "utf-8", "replace")).lower()
    return any(cap in known for cap in re.findall(
        r"support\+[a-z0-9-]+", text)) or any(
            "support+" + cap in known for cap in re.findall(
                r"[a-z0-9]{7,8}-[a-z0-9]{13}", text))
