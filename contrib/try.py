"""The conversation of contrib/try.sh; it uses the world of the system
tests."""

import argparse
import os
import re
import signal
import smtplib
import subprocess
import sys
import tempfile

sys.path.insert(0, os.path.join(os.path.dirname(os.path.dirname(
    os.path.abspath(__file__))), "tests", "system"))

import leakscan
import mails
from images import TOKEN, png
from mails import KEEP, PLAYER, PLAYER_NAME, PLAYER_WORDS
from world import ANNA, BEN, PASSWORD, QUEUE, TEAM, World

SHOWN = ("From", "To", "Reply-To", "Subject", "Date", "Auto-Submitted",
         "X-Nymdesk")
AGENT_TEXT = """\
Hallo,

die Auszahlung ist am Montag gesendet worden. Wir fragen beim Anbieter nach
und melden uns bis morgen Mittag.

-- 
Anna Feuerstein, Durchwahl 4711
"""
FOLLOW_TEXT = "Danke, dann warte ich noch bis Freitag ab.\n"
ESCALATE_TEXT = "/escalate Der Anbieter antwortet seit gestern nicht.\n"
CLOSE_TEXT = """\
/close solved

Hallo,

der Anbieter hat die Zahlung bestätigt; sie ist heute Abend bei Ihnen.
"""
FORGET_TEXT = "forget me\n"
LATE_TEXT = "Die Zahlung ist da.\n"
# The address for "5, very good" in the notice of a closed ticket.
RATE = re.compile(r"(?m)^5\b.*?(\S+@\S+)\s*$")
WAYS = {"lmtp": "lmtp", "milter": "milter", "proxy": "smtp"}
FORGOTTEN = "the player's return address is forgotten"


def octets_of(part):
    return part.get_payload(decode=True)


def show(title, mail):
    print("\n" + "=" * 72 + "\n%s\n" % title + "=" * 72)
    for name in SHOWN:
        if mail[name]:
            print("%s: %s" % (name, mail[name]))
    print()
    print(mails.text_of(mail).replace("\r\n", "\n").rstrip("\n"))
    for part in mail.iter_attachments():
        print("\n[attached: %s, %s, %d octets]" % (
            part.get_filename(), part.get_content_type(),
            len(octets_of(part))))


def run(world, *args):
    """What nymdesk prints."""
    return subprocess.run(
        [world.bin + "/nymdesk", "-c", world.conf, *args], check=True,
        capture_output=True, text=True, timeout=30).stdout


def show_text(title, text):
    print("\n" + "=" * 72 + "\n%s\n" % title + "=" * 72)
    print(text.rstrip("\n"))


def show_receipt(world, ack, first):
    """Whether the receipt in an acknowledgement is good for a mail."""
    paths = [os.path.join(world.dir, name) for name in ("ack", "first")]
    for path, mail in zip(paths, (ack, first)):
        with open(path, "wb") as file:
            file.write(mail.as_bytes())
    text = run(world, "receipt", "verify", paths[0], "--mail", paths[1])
    show_text("7. nymdesk receipt verify: his receipt and the mail he sent",
              text)
    for path in paths:
        os.unlink(path)
    return text


def show_report(world):
    """The head of support's page; its path. It stays when all else goes."""
    page = os.path.join(tempfile.mkdtemp(prefix="nymdesk-report-"),
                        "report.html")
    run(world, "report", "--html", page)
    text = run(world, "report")
    show_text("8. nymdesk report; as a page: " + page,
              re.sub(r"(?s)\nBy queue.*(?=\nSatisfaction)", "", text))
    return page


def others(mails_, known):
    """Those of a mailbox that were not shown yet."""
    ids = [mail["Message-ID"] for mail in known]
    return [mail for mail in mails_ if mail["Message-ID"] not in ids]


class Desk(World):
    """Ben is the senior."""

    def configure(self, **more):
        super().configure(**{"queue support.senior": BEN, **more})


def new_mails(world, user, known, count=1):
    """So many mails more than these in a mailbox; known grows by them."""
    found = others(world.wait_mails(user, len(known) + count), known)
    known += found
    return found


def play_on(world, boxes):
    """Escalation, closing and rating. boxes: the mails that are there, by
    mailbox; they grow. What player and agents wrote."""
    player, team, senior = boxes[PLAYER], boxes[TEAM], boxes[BEN]
    up = mails.reply(team[-1], ANNA, ESCALATE_TEXT, mails.AGENT_NAME)
    world.submit(up)
    new_mails(world, PLAYER, player)  # that it is with a senior now
    for mail in new_mails(world, BEN, senior, 2):  # the reason is a note
        show('5. The senior\'s mailbox: an agent wrote "/escalate"', mail)
    handed, = [mail for mail in senior if not mail["X-Nymdesk"]]
    end = mails.reply(handed, BEN, CLOSE_TEXT)
    world.submit(end, BEN)
    closed, = [mail for mail in new_mails(world, PLAYER, player, 2)
               if RATE.search(mails.text_of(mail))]
    show('6. The player\'s mailbox: the senior wrote "/close solved"', closed)
    rating = mails.message(PLAYER, RATE.search(mails.text_of(closed))[1],
                           "", "", PLAYER_NAME)
    world.send(rating)
    new_mails(world, BEN, senior)
    return rating, up, end


def show_refusal(world):
    """What a server reads that sends in an agent's name without a proof;
    by LMTP Postfix has taken such a mail before nymdesk sees it."""
    forged = mails.message(ANNA, QUEUE, "Account", "Close all tickets.\n")
    with smtplib.SMTP("127.0.0.1", world.postfix.inbound) as client:
        try:
            client.send_message(forged)
            said = "nothing"
        except smtplib.SMTPDataError as error:
            said = "%d %s" % (error.smtp_code, error.smtp_error.decode())
    show_text("11. What a server reads that forges a mail of an agent", said)
    return said


def play(world):
    """The whole conversation: every mail of it by its name."""
    first = mails.withdrawal()
    # A screenshot whose metadata name somebody.
    first.add_attachment(png(320, 200), maintype="image", subtype="png",
                         filename="Hoelzenbein-Konto.png")
    first.set_boundary("what-he-sends-and-what-he-keeps")  # is the same
    show("0. What the player writes to support@", first)
    world.send(first)
    ack, = world.wait_mails(PLAYER, 1)
    copy, = world.wait_mails(TEAM, 1)
    show("1. The player's mailbox: the acknowledgement", ack)
    show("2. The agents' mailbox: the copy", copy)
    answer = mails.reply(copy, ANNA, AGENT_TEXT, mails.AGENT_NAME)
    world.submit(answer)
    sent, = others(world.wait_mails(PLAYER, 2), [ack])
    show("3. The player's mailbox: the answer", sent)
    follow = mails.reply(sent, PLAYER, FOLLOW_TEXT, PLAYER_NAME)
    world.send(follow)
    copy2, = others(world.wait_mails(TEAM, 2), [copy])
    show("4. The agents' mailbox: the player's follow-up, same ticket", copy2)
    boxes = {PLAYER: [ack, sent], TEAM: [copy, copy2], BEN: []}
    rating, up, end = play_on(world, boxes)
    ticket, = world.tickets()
    proof = show_receipt(world, ack, first)
    page = show_report(world)
    forget = mails.reply(sent, PLAYER, FORGET_TEXT, PLAYER_NAME)
    world.send(forget)
    copy3, = new_mails(world, BEN, boxes[BEN])
    show('9. The senior\'s mailbox: the player writes "forget me"', copy3)
    late = mails.reply(copy3, BEN, LATE_TEXT)
    world.submit(late, BEN)
    told, = new_mails(world, BEN, boxes[BEN])
    show("10. The senior's mailbox: nobody can answer him any more", told)
    return {"of player": (first, follow, rating, forget),
            "of agent": (answer, up, end, late),
            "to agents": boxes[TEAM] + boxes[BEN][:-1],
            "to player": boxes[PLAYER], "told": told, "ticket": ticket,
            "proof": proof, "page": page,
            "refused": None if world.way == "lmtp" else show_refusal(world)}


def image_is_clean(copy):
    """One image, without what was beside the pixels."""
    images = [octets_of(part) for part in copy.iter_attachments()
              if part.get_content_maintype() == "image"]
    return len(images) == 1 and TOKEN.encode() not in images[0]


def page_is_clean(path, words):
    with open(path, encoding="utf-8") as file:
        page = file.read().lower()
    return "1 ticket came in" in page and not any(
        word.lower() in page for word in words)


def report(world, played):
    """What the conversation has shown; True if all of it holds."""
    own = PLAYER_WORDS + [TOKEN] + [
        str(mail["Message-ID"])[1:-1] for mail in played["of player"]]
    tickets = world.tickets()
    agents = mails.AGENT_WORDS + [
        str(mail["Message-ID"])[1:-1] for mail in played["of agent"]]
    finds, files, size = leakscan.scan(world.own_dirs(), own + agents + KEEP)
    copy = played["to agents"][0]
    facts = (
        ("one ticket", len(tickets) == 1),
        ("agents see no word of the player's identity",
         not any(mails.seen(mail, own) for mail in played["to agents"])),
        ("agents see transaction, wallet and amount",
         all(word in mails.text_of(copy) for word in KEEP)),
        ("agents see the image's pixels and nothing else of it",
         image_is_clean(copy)),
        ("the player sees no word of the agent's identity",
         not any(mails.seen(mail, agents) for mail in played["to player"])),
        ("a senior has closed it, and the player has rated it",
         [played["ticket"][name] for name in (
             "state", "level", "agent", "rating")] == ["closed", 2, "ben", 5]),
        ("the receipt is good for the mail that was sent",
         re.search(r"(?m)^receipt +good", played["proof"]) is not None),
        ("the report's page is there, and names nobody",
         page_is_clean(played["page"], own + agents)),
        ("he is forgotten when he asks, and the agent is told",
         [ticket["player"] for ticket in tickets] == [""]
         and FORGOTTEN in mails.text_of(played["told"]).replace("\n", " ")),
        ("%d files, %d bytes left by nymdesk: nothing readable in any coding"
         % (files, size), not finds and files > 0),
    )
    if played["refused"]:
        facts += (("a forged mail of an agent is refused on the line",
                   played["refused"].startswith("550 5.7.1 ")),)
    print("\n" + "=" * 72)
    for fact, holds in facts:
        print("%-4s %s" % ("ok" if holds else "FAIL", fact))
    for path, token, form in finds:
        print("     %s: %r (%s)" % (path, token, form))
    return all(holds for _, holds in facts)


MUTTRC = """\
set spoolfile = imap://127.0.0.1:{imap}/INBOX
set folder = imap://127.0.0.1:{imap}/
set imap_user = {team}
set imap_pass = {password}
set smtp_url = smtp://{anna}@127.0.0.1:{submit}/
set smtp_pass = {password}
set ssl_starttls = no
set ssl_force_tls = no
set from = anna@agents.example
set use_envelope_from = yes
set record = ""
set sendmail = /bin/false
"""


def stay(world):
    with open(world.dir + "/muttrc", "w", encoding="utf-8") as file:
        file.write(MUTTRC.format(
            imap=world.dovecot.port, submit=world.postfix.submit, team=TEAM,
            anna=ANNA.replace("@", "%40"), password=PASSWORD))
    print("""
Running in {dir}; stop with Ctrl-C.

  support address   {queue}
  IMAP              127.0.0.1:{imap}  users {team}, {player}
                    password of all: {password}
  SMTP for players  127.0.0.1:{inbound}  (no login)
  SMTP for agents   127.0.0.1:{submit}  login {anna} or ben@agents.example

Write as the player:
  printf 'Where is my deposit?\\n' | s-nail -:/ -Sv15-compat -Ssendwait \\
    -Smta=smtp://127.0.0.1:{inbound} -Ssmtp-auth=none \\
    -r {player} -s 'Deposit missing' {queue}
Read and answer as the agent:
  mutt -n -F {dir}/muttrc
Read as the player:
  curl -s --user {player}:{password} \\
    'imap://127.0.0.1:{imap}/INBOX;MAILINDEX=*'
Look at the tickets and at what is stored:
  {dir}/bin/nymdesk -c {dir}/nymdesk.conf list
  {dir}/bin/nymdesk -c {dir}/nymdesk.conf status
  {dir}/bin/nymdesk -c {dir}/nymdesk.conf report
  ls -lR {dir}/run {dir}/state {dir}/keys {dir}/nymdesk-log
""".format(dir=world.dir, queue=QUEUE, team=TEAM, player=PLAYER, anna=ANNA,
           password=PASSWORD, imap=world.dovecot.port,
           inbound=world.postfix.inbound, submit=world.postfix.submit),
          flush=True)
    try:
        while True:
            signal.pause()
    except KeyboardInterrupt:
        print("\nStopping.")


def main():
    parser = argparse.ArgumentParser(prog="try.sh")
    parser.add_argument("scratch", help=argparse.SUPPRESS)
    parser.add_argument("--way", choices=WAYS, default="lmtp")
    parser.add_argument("--stay", action="store_true")
    args = parser.parse_args()
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    with Desk(args.scratch, workers=4, way=WAYS[args.way]) as world:
        is_good = report(world, play(world))
        if args.stay:
            stay(world)
        else:
            print("\nTo go on by hand: sh contrib/try.sh --stay")
    return 0 if is_good else 1


if __name__ == "__main__":
    sys.exit(main())
