"""Slots of row G: what an agent writes."""

import functools
import os
import subprocess

import paths  # noqa: F401
import shapes
from shapes import attachment
from slots import is_html, slot
from slots_files import exif, jpeg, png
from tokens import AGENT
from world import build_dir


@slot("G1.name", AGENT, kind="agent base", also=("G1.id", "G1.host", "G1.local"))
def agent_from(m):
    word = m.tok("G1.name")
    m.draft.add("From", "%s <%s>" % (word.title(), m.agent))
    m.draft.add("Message-ID", "<%s@agents.example>" % m.tok("G1.id"))
    m.draft.add("Date", "Tue, 03 Feb 2009 11:12:13 +1245")
    m.draft.add("Received", "from %s.test ([203.0.113.%d]) by x.test; Tue, "
                "03 Feb 2009 11:12:13 +1245" % (
                    m.tok("G1.host"), m.serial % 250 + 1))


@slot("G1.fields", AGENT, kind="agent")
def agent_fields(m):
    word = m.tok("G1.fields")
    for name in m.rng.sample((
            "User-Agent", "X-Mailer", "Organization", "X-Originating-IP",
            "Sender", "Reply-To", "X-Sender", "Autocrypt", "DKIM-Signature",
            "Thread-Topic", "X-Face", "Face", "Keywords", "Comments",
            "Content-Language", "X-Signature"), 6):
        m.draft.add(name, word if name not in ("Sender", "Reply-To") else
                    word + "@agents.example")


@slot("G2.sign", AGENT, kind="agent", also=("G2.tel",))
def agent_signature(m):
    word = m.tok("G2.sign")
    tel = m.mint.phone(m.serial, "G2.tel", m.variant)
    lines = ["%s Feuerstein" % word.title(), "Casino Support", tel,
             word + "@agents.example"]
    form = m.variant % 4
    m.draft.tail += ["", ("-- ", "--", "-- ", "-- ")[form]] + lines


@slot("G2.name", AGENT, kind="agent")
def agent_name(m):
    """Below the greeting: the name of From, no other."""
    m.draft.tail += ["", m.draft.say[shapes.BYE], m.tok("G1.name").title()]
    m.mint.count("G2.name")


@functools.lru_cache(None)
def end_line(text):
    """The last line of the copy of a text in ASCII."""
    octets = text.encode("ascii")
    done = subprocess.run(
        [os.path.join(build_dir(), "leak-redact"), "--copy"], check=True,
        input=b"%d\n%s" % (len(octets), octets), stdout=subprocess.PIPE)
    return done.stdout.decode().rstrip().rsplit("\n", 1)[1].rstrip()


@slot("G3.quote", AGENT, kind="agent tail")
def agent_quote(m):
    """The capability of this side in attribution and quoted header."""
    word = m.tok("G3.quote")
    cap, d = m.capability, m.draft
    forms = (
        [d.say[shapes.WROTE].format(
            date="03.02.2009 11:12 +1245", who="%s <%s>" % (word, cap)),
         "> " + word, "> " + cap],
        ["-----Original Message-----", "From: %s <%s>" % (word, cap),
         "Sent: Tuesday, February 3, 2009 11:12", "To: " + cap,
         "Subject: Re: x", "", word, "", end_line(word)],
        ["________________________________", "Von: %s <%s>" % (word, cap),
         "Gesendet: Dienstag, 3. Februar 2009 11:12", "An: " + cap,
         "Betreff: Re: x", "", word, "", end_line(word)],
        [d.say[shapes.WROTE].format(
            date="03.02.2009 11:12 +1245",
            who="%s <mailto:%s>" % (word, cap)), "", "> " + word])
    d.tail += [""] + forms[m.variant % len(forms)]


@slot("G3.cap", AGENT, kind="agent")
def agent_capability(m):
    """The capability in the agent's own words; found by its octets."""
    m.mint.count("G3.cap")
    cap = m.capability
    m.draft.lines.append("PS: " + (
        cap, cap.upper(), "<%s>" % cap, cap.replace("@", " (at) "),
        cap.replace("@", "&#64;"), cap.replace("+", "%2B"),
        "mailto:" + cap)[m.variant % 7])


@slot("G7.ask", AGENT, kind="agent")
def agent_receipt(m):
    word = m.tok("G7.ask")
    for name in ("Disposition-Notification-To", "Return-Receipt-To",
                 "X-Confirm-Reading-To"):
        m.draft.add(name, word + "@agents.example")


@slot("G8.file", AGENT, kind="agent")
def agent_file(m):
    word = m.tok("G8.file")
    kind, data = (("application/pdf", b"%PDF-1.4 (Author)" + word.encode()),
                  ("image/jpeg", jpeg([(0xe1, exif(word))])),
                  ("text/plain", word.encode()),
                  ("image/png", png([(b"tEXt", b"A\0" + word.encode())])))[
                      m.variant % 4]
    m.draft.parts.append(attachment(kind, data, 'filename="%s.dat"' % word))


@slot("G9.logo", AGENT, kind="agent", when=is_html)
def agent_logo(m):
    word = m.tok("G9.logo")
    m.draft.markup += ['<img src="https://%s.test/logo.png" alt="%s">' % (
        word, word), "<!-- %s -->" % word]
    m.draft.head_markup.append('<meta name="author" content="%s">' % word)
