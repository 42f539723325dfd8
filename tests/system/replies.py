"""Answers as mail clients write them.

Each client is one way to write the new words, what it puts above the quote,
and the quote, as plain text and as HTML. all_replies() gives every client with
every place of the quote, every form and every language it is known in.
"""

import collections
import email.policy
import email.utils
import html
import re
import textwrap
from email.mime.multipart import MIMEMultipart
from email.mime.text import MIMEText

from reply_words import (ATTRIBUTIONS, HEADERS, ID, INDENT, IPHONE, LIST,
                         QUOTED, SIDES, STORIES, SUBJECT, TEXT)

Reply = collections.namedtuple("Reply", "name mail expect")


def lines_html(lines):
    return "<br>\n".join(html.escape(line).replace("  ", " &nbsp;")
                         for line in lines)


class Client:
    """A client with quote marks and an attribution."""

    langs = tuple(HEADERS)
    forms = ("plain", "html", "alternative")
    table = "thunderbird"
    agent = "Mozilla Thunderbird"
    prefix = "> "
    params = {}
    width = 0  # of a wrapped attribution
    is_marked = True
    indent = "<blockquote>%s</blockquote>"

    def __init__(self, lang, side):
        self.lang = lang
        self.side = side

    def attribution(self):
        shape = ATTRIBUTIONS[self.table][self.lang]
        return re.sub(r"\bN\b", self.side.name, shape).replace(
            "<A>", "<%s>" % self.side.addr)

    def header_lines(self, bold=""):
        who, sent, to, subject, _, date = HEADERS[self.lang]
        pairs = ((who, "%s <%s>" % self.side[1:3]), (sent, date),
                 (to, self.side.to), (subject, "RE: " + SUBJECT))
        return ["%s%s:%s %s" % (bold, key, bold, value)
                for key, value in pairs]

    def header_html(self, is_linked):
        lines = []
        for line in self.header_lines():
            key, value = line.split(":", 1)
            value = html.escape(value)
            if is_linked:
                value = value.replace(
                    self.side.addr, '<a href="mailto:%s">%s</a>' % (
                        (self.side.addr,) * 2))
            lines.append("<b>%s:</b>%s" % (key, value))
        return "<br>\n".join(lines)

    # As plain text: lists of lines.

    def new_plain(self, paras):
        lines = []
        for kind, words in paras:
            mark = {TEXT: "", LIST: "- ", INDENT: "    "}[kind]
            lines += [""] if lines else []
            lines += [mark + word for word in words]
        return lines

    def head_plain(self):
        line = self.attribution()
        return self.wrap(line) if self.width else [line]

    def wrap(self, line):
        return textwrap.wrap(line, self.width, break_long_words=False,
                             break_on_hyphens=False)

    def quote_plain(self, paras):
        lines = []
        for para in paras:
            lines += [self.prefix.rstrip()] if lines else []
            lines += [self.prefix + line for line in para]
        return lines

    def own_plain(self):
        """What stands below the new words by itself."""
        return []

    def end_plain(self):
        """What stands at the end of all."""
        return []

    # As HTML: strings.

    def new_html(self, paras):
        out = []
        for kind, words in paras:
            if kind == LIST:
                out.append("<ul>%s</ul>" % "".join(
                    "<li>%s</li>\n" % html.escape(word) for word in words))
            elif kind == INDENT:
                out.append(self.indent % self.para_html(words))
            else:
                out.append(self.para_html(words))
        return "\n".join(out)

    def para_html(self, words):
        return "<p>%s</p>" % lines_html(words)

    def quote_html(self, paras):
        return '<blockquote type="cite" cite="mid:%s">\n<pre class="moz-quote'\
            '-pre" wrap="">%s</pre>\n</blockquote>' % (
                ID.strip("<>"), html.escape("\n\n".join(
                    "\n".join(para) for para in paras)))

    def head_html(self):
        return '<div class="moz-cite-prefix">%s<br>\n</div>' % html.escape(
            self.attribution())

    def own_html(self):
        return ""

    def end_html(self):
        return ""

    def whole_html(self, body):
        return "<!DOCTYPE html>\n<html>\n<head>\n<meta http-equiv=\"Content-" \
            "Type\" content=\"text/html; charset=UTF-8\">\n</head>\n<body>\n" \
            "%s\n</body>\n</html>\n" % body

    # Parts are ("new", paragraphs), ("head",), ("quote", paragraphs).

    def plain(self, parts):
        lines, last = [], ""
        for part in parts:
            # Behind a ">" without a blank ">100" would be anybody's.
            if lines and lines[-1] != "" and not (
                    part[0] == "quote" and self.is_tight() and (
                        last == "head" or self.prefix == "> ")):
                lines.append("")
            last = part[0]
            lines += {"new": self.new_plain, "quote": self.quote_plain,
                      "head": self.head_plain, "own": self.own_plain}[
                          part[0]](*part[1:])
        return "\n".join(lines + self.end_plain()) + "\n"

    def is_tight(self):
        """No empty line between attribution and quote."""
        return True

    def html(self, parts):
        return self.whole_html("\n".join(
            {"new": self.new_html, "quote": self.quote_html,
             "head": self.head_html, "own": self.own_html}[part[0]](*part[1:])
            for part in parts) + self.end_html())


class Thunderbird(Client):
    params = {"format": "flowed"}

    def new_plain(self, paras):
        """Long lines are flowed, and what begins with a blank, ">" or
        "From " is stuffed (RFC 3676 4.4)."""
        lines = []
        for line in super().new_plain(paras):
            folded = textwrap.wrap(line, 40) or [""]
            folded[:-1] = [part + " " for part in folded[:-1]]
            if line.startswith(" "):
                folded = [line]
            lines += [" " + part if part.startswith((" ", ">", "From "))
                      else part for part in folded]
        return lines

    def end_plain(self):
        return ["", "-- ", "Anna Feuerstein", "Durchwahl 17"]

    def end_html(self):
        return '<pre class="moz-signature" cols="72">-- \nAnna Feuerstein\n' \
            'Durchwahl 17</pre>'


class Mutt(Client):
    forms = ("plain",)
    table = "mutt"
    langs = tuple(ATTRIBUTIONS["mutt"])
    agent = "Mutt/2.2.9 (2022-11-12)"

    def end_plain(self):
        return ["", "-- ", "Anna Feuerstein"]


class Nail(Client):
    forms = ("plain",)
    table = "s-nail"
    langs = ("en",)
    agent = "s-nail v14.9.24"

    def is_tight(self):
        return False


class Gmail(Client):
    table = "gmail"
    agent = None
    width = 78
    indent = '<blockquote style="margin:0 0 0 40px;border:none;padding:0px">' \
        '%s</blockquote>'

    def is_tight(self):
        return False

    def para_html(self, words):
        return "".join("<div>%s</div>" % html.escape(word)
                       for word in words) + "<div><br></div>"

    def head_html(self):
        addr = self.side.addr
        who = html.escape(self.attribution()).replace(
            "&lt;%s&gt;" % addr,
            '<span dir="ltr">&lt;<a href="mailto:%s">%s</a>&gt;</span>'
            % (addr, addr))
        return '<br><div class="gmail_quote gmail_quote_container"><div ' \
            'dir="ltr" class="gmail_attr">%s<br></div></div>' % who

    def quote_html(self, paras):
        return '<blockquote class="gmail_quote" style="margin:0px 0px 0px ' \
            '0.8ex;border-left:1px solid rgb(204,204,204);padding-left:1ex">' \
            '%s<br></blockquote>' % "<br>\n<br>\n".join(
                lines_html(para) for para in paras)

    def whole_html(self, body):
        return '<div dir="ltr">%s</div>\n' % body


class GmailApp(Gmail):
    """Words and attribution stand in one block each."""

    def para_html(self, words):
        return '<p dir="ltr">%s</p>' % lines_html(words)

    def head_html(self):
        return '<br><div class="gmail_quote"><div dir="ltr" class="gmail_' \
            'attr">%s<br></div></div>' % html.escape(self.attribution())


class AppleMail(Client):
    """The attribution is part of the quote."""

    table = "apple"
    agent = "Apple Mail (2.3776.700.51)"
    params = {"format": "flowed", "delsp": "yes"}
    indent = '<blockquote class="webkit-indent-blockquote" style="margin: 0 ' \
        '0 0 40px; border: none; padding: 0px;">%s</blockquote>'

    def new_plain(self, paras):
        return [" " + line if line.startswith((" ", ">", "From ")) else line
                for line in super().new_plain(paras)]

    def head_plain(self):
        return ["> " + self.attribution(), "> "]

    def para_html(self, words):
        return "".join("<div>%s</div>" % html.escape(word)
                       for word in words) + "<div><br></div>"

    def head_html(self):
        return '<div><blockquote type="cite"><div>%s</div><br class="Apple-' \
            'interchange-newline"></blockquote></div>' % html.escape(
                self.attribution())

    def quote_html(self, paras):
        return '<div><blockquote type="cite"><div>%s</div></blockquote>' \
            '</div>' % "".join(
                "<div>%s</div><div><br></div>" % lines_html(para)
                for para in paras)

    def whole_html(self, body):
        return '<html><head><meta http-equiv="content-type" content="text/' \
            'html; charset=utf-8"></head><body style="overflow-wrap: break-' \
            'word;">%s</body></html>' % body.replace(
                '</blockquote></div>\n<div><blockquote type="cite">', "")


class IPhone(AppleMail):
    agent = "iPhone Mail (23A341)"
    params = {}

    def new_plain(self, paras):
        return Client.new_plain(self, paras)

    def own_plain(self):
        return [IPHONE[self.lang]]

    def own_html(self):
        return '<br id="lineBreakAtBeginningOfSignature"><div dir="ltr">%s' \
            '</div>' % html.escape(IPHONE[self.lang])

    def head_html(self):
        return '<div dir="ltr"><br><blockquote type="cite">%s<br><br>' \
            '</blockquote></div>' % html.escape(self.attribution())


class K9(Client):
    table = "k9"
    agent = "K-9 Mail for Android"
    prefix = ">"
    indent = '<blockquote style="margin:0 0 0 40px">%s</blockquote>'

    def own_plain(self):
        return ["-- ", "Diese Nachricht wurde von meinem Android-Gerät mit "
                "K-9 Mail gesendet."]

    def own_html(self):
        return '<div class="k9mail-signature">-- <br>Diese Nachricht wurde ' \
            'von meinem Android-Gerät mit K-9 Mail gesendet.</div>'

    def para_html(self, words):
        return '<div dir="auto">%s<br><br></div>' % lines_html(words)

    def head_html(self):
        return '<br><br><div class="gmail_quote"><div dir="auto">%s</div>' \
            '</div>' % html.escape(self.attribution())

    def quote_html(self, paras):
        return '<blockquote class="gmail_quote" style="margin: 0pt 0pt 0pt ' \
            '0.8ex; border-left: 1px solid rgb(204, 204, 204); padding-left:' \
            ' 1ex;"><pre dir="auto" class="k9mail">%s</pre></blockquote>' \
            % "\n\n".join(html.escape("\n".join(para)) for para in paras)


class Outlook(Client):
    """For Windows: a header block, and the old text as it is."""

    agent = "Microsoft Outlook 16.0"
    is_marked = False
    indent = "<blockquote style='margin-top:5.0pt;margin-bottom:5.0pt'>%s" \
        "</blockquote>"

    def head_plain(self):
        return ["-----%s-----" % HEADERS[self.lang][4]] \
            + self.header_lines()

    def is_tight(self):
        return False

    def quote_plain(self, paras):
        lines = []
        for para in paras:
            lines += ([""] if lines else []) + list(para)
        return lines

    def para_html(self, words):
        return "".join("<p class=MsoNormal>%s<o:p></o:p></p>\n"
                       % html.escape(word) for word in words) \
            + "<p class=MsoNormal><o:p>&nbsp;</o:p></p>"

    def head_html(self):
        return "<div><div style='border:none;border-top:solid #E1E1E1 1.0pt;" \
            "padding:3.0pt 0in 0in 0in'><p class=MsoNormal>%s<o:p></o:p></p>" \
            "</div></div>\n<p class=MsoNormal><o:p>&nbsp;</o:p></p>" % (
                self.header_html(True))

    def quote_html(self, paras):
        return "".join(self.para_html(para) for para in paras)

    def whole_html(self, body):
        return '<html xmlns:o="urn:schemas-microsoft-com:office:office">' \
            '<head><style><!-- p.MsoNormal {margin:0cm;} --></style></head>' \
            '<body lang=DE link="#0563C1"><div class=WordSection1>%s</div>' \
            '</body></html>' % body


class OutlookPrefix(Outlook):
    """Set to put a mark before each old line: plain text only."""

    forms = ("plain",)
    is_marked = True

    def head_plain(self):
        return ["> " + line for line in super().head_plain()] + [">"]

    def quote_plain(self, paras):
        return Client.quote_plain(self, paras)

    def is_tight(self):
        return True


class OutlookBar(Outlook):
    """Set to put a bar before the old text: header block and text are in a
    box of their own."""

    forms = ("html",)

    def head_html(self):
        return "<div style='border:none;border-left:solid blue 1.5pt;padding:" \
            "0in 0in 0in 4.0pt'>" + super().head_html() + "</div>"


class OutlookOld(Outlook):
    """Outlook Express and Outlook 2003."""

    forms = ("html", "alternative")

    def head_html(self):
        return '<DIV class=OutlookMessageHeader dir=ltr align=left><HR ' \
            'tabIndex=-1><FONT face=Tahoma size=2>%s<BR></FONT><BR></DIV>' \
            % self.header_html(False)


class OutlookWeb(Outlook):
    agent = None

    def head_plain(self):
        return ["_" * 32] + self.header_lines()

    def para_html(self, words):
        return '<div class="elementToProof" style="font-size: 12pt;">%s</div>' \
            '<div class="elementToProof"><br></div>' % lines_html(words)

    def head_html(self):
        return '<div id="appendonsend"></div><hr style="display:inline-block;' \
            'width:98%%" tabindex="-1"><div id="divRplyFwdMsg" dir="ltr">' \
            '<font face="Calibri, sans-serif" style="font-size:11pt" color="' \
            '#000000">%s</font><div>&nbsp;</div></div>' % self.header_html(
                False)

    def quote_html(self, paras):
        return '<div class="BodyFragment"><font size="2"><span style="font-' \
            'size:11pt;"><div class="PlainText">%s</div></span></font></div>' \
            % "<br><br>\n".join(lines_html(para) for para in paras)

    def whole_html(self, body):
        return '<html><head><style type="text/css" style="display:none;"> P ' \
            '{margin-top:0;} </style></head><body dir="ltr">%s</body></html>' \
            % body


class OutlookMobile(OutlookWeb):
    def own_plain(self):
        return ["Get Outlook for iOS<https://aka.ms/o0ukef>"]

    def own_html(self):
        return '<div id="ms-outlook-mobile-signature"><div><br></div>Get <a ' \
            'href="https://aka.ms/o0ukef">Outlook for iOS</a></div>'


class OutlookMac(Outlook):
    agent = "Microsoft-MacOutlook/16.78"

    def head_plain(self):
        return self.header_lines("*")


class Evolution(Client):
    """A separator and header block, then marked lines: so do Evolution and
    Lotus Notes when set to."""

    forms = ("plain",)
    agent = "Evolution 3.46"

    def head_plain(self):
        return ["-----%s-----" % HEADERS[self.lang][4]] \
            + self.header_lines()

    def is_tight(self):
        return False


CLIENTS = (Mutt, Nail, Thunderbird, Outlook, OutlookPrefix, OutlookBar,
           OutlookOld, OutlookWeb, OutlookMobile, OutlookMac, AppleMail,
           IPhone, Gmail, GmailApp, K9, Evolution)
PLACES = ("below", "above", "inline", "around")
UNMARKED = ("on top", "changed", "trimmed")


def paras_of(text):
    return tuple(tuple(para.split("\n")) for para in text.split("\n\n"))


def changed(copy):
    """By a client or a server on the way, but for the last line."""
    return ((copy[0][0].replace("seit", "seid"),) + copy[0][1:],) + copy[1:]


def parts_of(place, story, copy):
    """What follows what, and which of it has to arrive."""
    paras = STORIES[story]
    middle = (len(paras) + 1) // 2
    head, tail = paras[:middle], paras[middle:] or ((TEXT, ("Genau.",)),)
    return {
        "below": [("new", paras), ("own",), ("head",), ("quote", copy)],
        "above": [("head",), ("quote", copy), ("new", paras), ("own",)],
        "around": [("new", head), ("head",), ("quote", copy), ("new", tail)],
        "inline": [("head",), ("quote", copy[:1]), ("new", head),
                   ("quote", copy[1:2]), ("new", tail), ("quote", copy[2:])],
        # Only where old lines have no marks:
        "on top": [("head",), ("new", head), ("quote", copy), ("new", tail)],
        "changed": [("new", head), ("head",), ("quote", changed(copy)),
                    ("new", tail)],
        "trimmed": [("new", head), ("head",), ("quote", copy[:1]),
                    ("new", tail)],
    }[place]


def expected(place, parts, is_marked=True):
    """The lines that have to arrive: all new ones, and what they stand between
    where that is shown or cannot be told from them."""
    last = parts[-1] if place == "inline" and is_marked else None
    is_old_kept = place in ("inline", "changed", "trimmed")
    lines = []
    for part in parts:
        if part[0] == "new":
            lines += [line for _, para in part[1] for line in para]
        elif part[0] == "quote" and is_old_kept and part is not last:
            lines += [("> " if is_marked else "") + line
                      for para in part[1] for line in para
                      if not line.startswith("[end of mail ")]
    return lines


def body(text, subtype, params):
    part = MIMEText(text.replace("\n", "\r\n"), subtype, "utf-8")
    for name, value in params.items():
        part.set_param(name, value)
    return part


def build(client, form, parts):
    if form == "plain":
        mail = body(client.plain(parts), "plain", client.params)
    elif form == "html":
        mail = body(client.html(parts), "html", {})
    else:
        mail = MIMEMultipart("alternative", _subparts=(
            body(client.plain(parts), "plain", client.params),
            body(client.html(parts), "html", {})))
    mail["From"] = email.utils.formataddr(client.side.author)
    mail["To"] = "%s <%s>" % client.side[1:3]
    mail["Subject"] = "Re: " + SUBJECT
    mail["Date"] = "Sun, 22 Nov 2026 09:30:00 +0100"
    mail["Message-ID"] = "<1.2.3@agents.example>"
    mail["In-Reply-To"] = ID
    mail["References"] = ID
    if client.agent:
        mail["User-Agent"] = client.agent
    return mail.as_bytes(policy=email.policy.compat32.clone(linesep="\r\n"))


def reply(kind, lang, form, place, story, copy, side="copy"):
    parts = parts_of(place, story, copy)
    return Reply(
        "%s, %s, %s, quote %s of %s: %s" % (
            kind.__name__, lang, form, place, side, story),
        build(kind(lang, SIDES[side]), form, parts),
        expected(place, parts, kind.is_marked))


def all_replies(copy):
    """Every story in one language; every language with stories in turn."""
    stories = list(STORIES)
    count = 0
    for kind in CLIENTS:
        for form in kind.forms:
            for place in PLACES + (() if kind.is_marked else UNMARKED):
                for story in stories:
                    yield reply(kind, kind.langs[0], form, place, story, copy)
                for lang in kind.langs[1:]:
                    count += 1
                    yield reply(kind, lang, form, place,
                                stories[count % len(stories)], copy)


def all_of_side(side):
    """Every language of every client, with a quote below and inline."""
    for kind in CLIENTS:
        for form in kind.forms:
            for lang in kind.langs:
                for place in PLACES[:3:2]:
                    if kind.is_marked or place == "below":
                        yield reply(kind, lang, form, place, "letter", QUOTED,
                                    side)
