"""Whole conversations by mutt, s-nail and mails in the shape of other
clients: each is one ticket, and one thread in the mailboxes of both sides.
What is a thread, and what hangs below what, is said by programs that know
nothing of nymdesk: notmuch, mutt and Dovecot.

Each conversation: the player writes; he answers his acknowledgement before
anybody has answered him; the agent answers the first mail, then the second;
the player answers the last answer; the agent answers that."""

import os
import unittest
from email.utils import parseaddr

import mailers
import mails
import readers
from conversation import number_of
from mailers import SENT, Account
from readers import Notmuch, bare
from world import ANNA, QUEUE, TEAM, World

# Who talks by which client, and a word that stands in no other mail. The
# names have nothing in common with the words: names are masked.
PEOPLE = (
    (mailers.Mutt, "quintus.orbeck", "Quintus Orbeck", "kettle"),
    (mailers.Snail, "ottilie.grahm", "Ottilie Grahm", "lantern"),
    (mailers.Thunderbird, "ferenc.dobay", "Ferenc Dobay", "pebble"),
    (mailers.Outlook, "wanda.ilves", "Wanda Ilves", "saddle"),
    (mailers.Apple, "cormac.yates", "Cormac Yates", "thimble"),
    (mailers.Gmail, "sunniva.brekke", "Sunniva Brekke", "walnut"),
    (mailers.Parent, "tomas.vrana", "Tomas Vrana", "barrel"),
    (mailers.Forgetful, "ilka.zoller", "Ilka Zoller", "feather"),
)
TEXTS = {
    "opens": "my %s is missing since Tuesday.",
    "insists": "and the %s is still not there, I see now.",
    "answer-one": "we are looking for the %s in the cellar.",
    "answer-two": "it may be that the %s is under the stairs.",
    "thanks": "thank you, the %s was not under the stairs.",
    "answer-three": "then the %s will be replaced by a new one.",
}


# What hangs below what, in the player's mailbox and in the agents': a mail
# that somebody "sent", or that "came" to the mailbox by nymdesk.
PLAYERS = {
    ("sent", "opens"): None,
    ("came", "ack"): ("sent", "opens"),
    ("sent", "insists"): ("came", "ack"),
    ("came", "answer-one"): ("sent", "insists"),
    ("came", "answer-two"): ("sent", "insists"),
    ("sent", "thanks"): ("came", "answer-two"),
    ("came", "answer-three"): ("sent", "thanks"),
}
AGENTS = {
    ("came", "opens"): None,
    ("sent", "answer-one"): ("came", "opens"),
    ("came", "insists"): ("came", "opens"),
    ("sent", "answer-two"): ("came", "insists"),
    ("came", "thanks"): ("came", "insists"),
    ("sent", "answer-three"): ("came", "thanks"),
}
FROM_PLAYERS = ("opens", "insists", "thanks")
FROM_AGENTS = ("answer-one", "answer-two", "answer-three")


def words_of(mail):
    return " ".join(mails.text_of(mail).split())


def groups(tree):
    """The ids of a tree, those that hang together in one set."""
    found = {}
    for below in tree:
        top = below
        while tree[top]:
            top = tree[top]
        found.setdefault(top, set()).add(below)
    return sorted(map(sorted, found.values()))


class Talk:
    """One conversation: its people, and each mail of it, as it came out of a
    client and as nymdesk passed it on."""

    def __init__(self, world, client, local, name, thing):
        home = "%s/people/%s" % (world.dir, local)
        os.makedirs(home)
        self.client = client(home)
        self.thing = thing
        self.player = Account(world, local + "@players.example", name)
        self.agent = Account(world, ANNA, mails.AGENT_NAME, TEAM, True)
        self.player.make_folders(SENT)
        self.mails = {}

    def words(self, step):
        return TEXTS[step] % self.thing

    def open(self):
        self.client.write(self.player, QUEUE, "The %s" % self.thing,
                          self.words("opens") + "\n")
        self.keep_sent("opens", self.player)

    def reply(self, step, account, to):
        self.client.reply(account, self.mails["came", to],
                          self.words(step) + "\n")
        self.keep_sent(step, account)

    def keep_sent(self, step, account):
        mail = account.world.dovecot.mailbox(account.box, SENT)[-1]
        if self.words(step) not in words_of(mail):
            raise AssertionError("not what was sent: %s" % words_of(mail))
        self.mails["sent", step] = mail

    def keep_came(self, step, box):
        """The one new mail of a mailbox that has the words of a step."""
        known = {self.id(key) for key in self.mails}
        found = [mail for mail in box if self.words(step) in words_of(mail)
                 and bare(mail["Message-ID"]) not in known]
        if len(found) != 1:
            raise AssertionError("%s: %d mails have %r" % (
                self.client.name, len(found), self.words(step)))
        self.mails["came", step] = found[0]

    def id(self, key):
        return bare(self.mails[key]["Message-ID"])

    def tree(self, table):
        return {self.id(below): self.id(above)
                if above and self.names_parent(below) else None
                for below, above in table.items()}

    def names_parent(self, key):
        return key[0] == "came" or bool(self.client.links)


class Clients(unittest.TestCase):
    """All conversations, step by step side by side."""

    @classmethod
    def setUpClass(cls):
        cls.world = World()
        cls.addClassCleanup(cls.world.stop)
        cls.world.start()
        cls.team = Account(cls.world, TEAM, "Team", is_agent=True)
        cls.team.make_folders(SENT)
        cls.talks = [Talk(cls.world, *person) for person in PEOPLE]
        cls.talk()
        home = cls.world.dir + "/people/reader"
        os.makedirs(home)
        cls.reader = mailers.Mutt(home)
        for account in cls.accounts():
            readers.gather(account)

    @classmethod
    def talk(cls):
        for talk in cls.talks:
            talk.open()
        cls.wait_for_copies("opens", 1)
        for talk in cls.talks:
            talk.mails["came", "ack"], = cls.world.wait_mails(
                talk.player.addr, 1)
        cls.players_write("insists", "ack", 2)
        cls.agents_answer("answer-one", "opens", 2)
        cls.agents_answer("answer-two", "insists", 3)
        cls.players_write("thanks", "answer-two", 3)
        cls.agents_answer("answer-three", "thanks", 4)

    @classmethod
    def players_write(cls, step, to, count):
        for talk in cls.talks:
            talk.reply(step, talk.player, to)
        cls.wait_for_copies(step, count)

    @classmethod
    def wait_for_copies(cls, step, count):
        box = cls.world.wait_mails(TEAM, count * len(cls.talks))
        for talk in cls.talks:
            talk.keep_came(step, box)

    @classmethod
    def agents_answer(cls, step, to, count):
        for talk in cls.talks:
            talk.reply(step, talk.agent, to)
        for talk in cls.talks:
            talk.keep_came(step, cls.world.wait_mails(
                talk.player.addr, count))

    @classmethod
    def accounts(cls):
        return [cls.team] + [talk.player for talk in cls.talks]

    def mailboxes(self):
        """Each mailbox with the tree that it has to be."""
        team = {}
        for talk in self.talks:
            team.update(talk.tree(AGENTS))
            yield talk.client.name, talk.player, talk.tree(PLAYERS)
        yield "agents", self.team, team

    def test_each_conversation_is_one_ticket(self):
        tickets = {ticket["number"]: ticket for ticket in self.world.tickets()}
        self.assertEqual(len(tickets), len(self.talks))
        for talk in self.talks:
            with self.subTest(talk.client.name):
                numbers = {number_of(mail) for key, mail in talk.mails.items()
                           if key != ("sent", "opens")}
                self.assertEqual(len(numbers), 1)
                self.assertEqual(tickets.pop(numbers.pop())["messages"], 3)
        self.assertEqual(tickets, {})

    def test_no_agent_is_told_that_something_was_not_sent(self):
        self.assertEqual(self.world.mailbox(ANNA), [])

    def test_clients_sent_what_they_are_here_for(self):
        for talk in self.talks:
            for step in FROM_PLAYERS[1:] + FROM_AGENTS:
                mail = talk.mails["sent", step]
                with self.subTest("%s: %s" % (talk.client.name, step)):
                    self.assertEqual(
                        [name for name in ("In-Reply-To", "References")
                         if mail[name]], list(talk.client.links))
            agents = [str(talk.mails["came", step]["Reply-To"])
                      for step in FROM_PLAYERS]
            sent = [parseaddr(str(talk.mails["sent", step]["To"]))[1]
                    for step in FROM_AGENTS]
            self.assertEqual(sent, agents)
        self.assertRegex(str(self.talks[0].mails["sent", "thanks"]
                             ["User-Agent"]), "^Mutt/")
        self.assertRegex(str(self.talks[1].mails["sent", "thanks"]
                             ["User-Agent"]), "^s-nail ")

    def test_what_nymdesk_sent_names_its_parent(self):
        """RFC 5322 3.6.4, and in front the root: some readers look at one of
        the two fields only, some at an end of it."""
        parents = [(below, above) for table in (PLAYERS, AGENTS)
                   for below, above in table.items()
                   if below[0] == "came" and above]
        for talk in self.talks:
            for below, above in parents:
                mail = talk.mails[below]
                with self.subTest("%s: %s" % (talk.client.name, below[1])):
                    refs = str(mail["References"]).split()
                    self.assertIn(".root@", refs[0])
                    self.assertEqual(bare(refs[-1]), talk.id(above))
                    self.assertEqual(mail["In-Reply-To"], refs[-1])
                    if above[0] == "sent":
                        self.assertLessEqual(
                            mails.references(talk.mails[above]), set(refs))

    def test_notmuch_finds_one_thread(self):
        """One for each conversation, by any id that two mails share: also if
        his client named no parent, as our answer names him and the root."""
        for name, account, tree in self.mailboxes():
            with self.subTest(name):
                found = Notmuch(self.reader.home, account).trees()
                self.assertEqual(merged(found), tree)
                if account is not self.team:
                    self.assertEqual(len(found), 1)

    def came(self, *steps):
        """For each conversation, what came by these steps, in order."""
        return sorted(sorted(talk.id(("came", step)) for step in steps)
                      for talk in self.talks)

    def test_what_came_is_one_thread_by_itself(self):
        """No reader needs the mails he wrote himself."""
        for count, find in enumerate((
                lambda account: Notmuch(self.reader.home, account,
                                        ("INBOX",)).trees(),
                lambda account: readers.dovecot_trees(account, "INBOX"))):
            found = [tree for talk in self.talks
                     for tree in find(talk.player)]
            with self.subTest("reader %d" % count):
                self.assertEqual(sorted(map(sorted, found)),
                                 self.came("ack", *FROM_AGENTS))
                self.assertEqual(sorted(map(sorted, find(self.team))),
                                 self.came(*FROM_PLAYERS))

    def test_lost_mails_do_not_break_a_thread(self):
        """The root joins what has lost the mail between."""
        gone = {talk.id(("came", step)) for talk in self.talks
                for step in ("insists", "answer-one")}
        found = [tree for talk in self.talks for tree in Notmuch(
            self.reader.home, talk.player, ("INBOX",), gone).trees()]
        self.assertEqual(sorted(map(sorted, found)),
                         self.came("ack", *FROM_AGENTS[1:]))
        found = Notmuch(self.reader.home, self.team, ("INBOX",), gone).trees()
        self.assertEqual(sorted(map(sorted, found)),
                         self.came("opens", "thanks"))

    def test_dovecot_finds_one_thread(self):
        """One for each conversation, if his client named his parent."""
        for name, account, tree in self.mailboxes():
            with self.subTest(name):
                found = readers.dovecot_trees(account)
                self.assertEqual(merged(found), tree)
                self.assertEqual(sorted(map(sorted, found)), groups(tree))

    def test_mutt_finds_one_thread(self):
        for name, account, tree in self.mailboxes():
            with self.subTest(name):
                wanted = groups(tree)
                found = readers.mutt_threads(
                    self.reader, account, [group[0] for group in wanted])
                self.assertEqual(list(map(sorted, found)), wanted)


def merged(trees):
    """No two trees have a mail in common."""
    whole = {}
    for tree in trees:
        whole.update(tree)
    return whole if len(whole) == sum(map(len, trees)) else trees


if __name__ == "__main__":
    unittest.main()
