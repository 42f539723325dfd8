"""The conversation of contrib/try.sh; it uses the world of the system
tests."""

import os
import signal
import sys
import tempfile

sys.path.insert(0, os.path.join(os.path.dirname(os.path.dirname(
    os.path.abspath(__file__))), "tests", "system"))

import leakscan
import mails
from images import TOKEN, png
from mails import KEEP, PLAYER, PLAYER_NAME, PLAYER_WORDS
from world import ANNA, PASSWORD, QUEUE, TEAM, World

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
FORGET_TEXT = "forget me\n"
LATE_TEXT = "Die Zahlung ist da.\n"
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


def others(mails_, known):
    """Those of a mailbox that were not shown yet."""
    ids = [mail["Message-ID"] for mail in known]
    return [mail for mail in mails_ if mail["Message-ID"] not in ids]


def play(world):
    """The whole conversation: every mail of it by its name."""
    first = mails.withdrawal()
    # A screenshot whose metadata name somebody.
    first.add_attachment(png(320, 200), maintype="image", subtype="png",
                         filename="Hoelzenbein-Konto.png")
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
    forget = mails.reply(sent, PLAYER, FORGET_TEXT, PLAYER_NAME)
    world.send(forget)
    copy3, = others(world.wait_mails(TEAM, 3), [copy, copy2])
    show('5. The agents\' mailbox: the player writes "forget me"', copy3)
    late = mails.reply(copy3, ANNA, LATE_TEXT, mails.AGENT_NAME)
    world.submit(late)
    told, = world.wait_mails(ANNA, 1)
    show("6. The agent's mailbox: nobody can answer him any more", told)
    return {"of player": (first, follow, forget),
            "of agent": (answer, late), "to agents": (copy, copy2, copy3),
            "to player": (ack, sent), "told": told}


def image_is_clean(copy):
    """One image, without what was beside the pixels."""
    images = [octets_of(part) for part in copy.iter_attachments()
              if part.get_content_maintype() == "image"]
    return len(images) == 1 and TOKEN.encode() not in images[0]


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
        ("he is forgotten when he asks, and the agent is told",
         [ticket["player"] for ticket in tickets] == [""]
         and FORGOTTEN in mails.text_of(played["told"]).replace("\n", " ")),
        ("%d files, %d bytes left by nymdesk: nothing readable in any coding"
         % (files, size), not finds and files > 0),
    )
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
    args = [arg for arg in sys.argv[1:] if not arg.startswith("-")]
    scratch = args[0] if args else tempfile.mkdtemp(
        prefix="nymdesk-", dir="/tmp")
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    with World(scratch, workers=4) as world:
        is_good = report(world, play(world))
        if "--stay" in sys.argv:
            stay(world)
        else:
            print("\nTo go on by hand: sh contrib/try.sh --stay")
    return 0 if is_good else 1


if __name__ == "__main__":
    sys.exit(main())
