"""Machines that answer machines: nothing goes round, and nothing is lost.

Two gateways on two domains and responders of many kinds mail each other for
a thousand rounds of virtual time. In a round all that is in flight is
delivered, then both clocks go on by a drawn time.
"""

import collections
import email.policy
import itertools
import random
import unittest

import mails
from gateway import Gateway
from tools import wait_for
from world import ANNA

ROUNDS = 1000
ROBOTS = "robots.example"
SEED = 3834
BURST = 5


def base(addr):
    """Without the plus-part: whose address it is."""
    local, domain = addr.lower().rsplit("@", 1)
    return local.split("+", 1)[0] + "@" + domain


def domain_of(addr):
    return addr.lower().rsplit("@", 1)[1]


class Responder:
    """Answers every mail, and no header tells that it is a machine.

    at: where it answers to, in turn: "from", "reply-to", "envelope", or
    "queue", which is where it once wrote to."""

    def __init__(self, name, at, **traits):
        self.addr = "%s@%s" % (name, ROBOTS)
        self.at = itertools.cycle(at)
        self.keeps_subject = traits.get("keeps_subject", False)
        self.quotes = traits.get("quotes", False)
        self.threads = traits.get("threads", False)
        self.varies = traits.get("varies", False)
        self.mirrors = traits.get("mirrors", False)
        self.delay = traits.get("delay", 0)
        self.count = 0

    def text(self, mail):
        text = "Thank you for your mail. We look into it.\n"
        if self.varies:
            text += "Your place in the line is %d.\n" % (7919 * self.count)
        if self.quotes and mail is not None:
            text += "\nOn Monday you wrote:\n" + mails.quote(mail)
        return text

    def first(self, to):
        return mails.message(self.addr, to, "Hello from " + self.addr,
                             "Please help us with our account.\n"), to

    def where(self, taken):
        at = next(self.at)
        if at == "envelope" and taken.sender:
            return taken.sender
        if at == "queue":
            return base(str(taken.mail["From"].addresses[0].addr_spec))
        field = taken.mail["Reply-To"] if at == "reply-to" else None
        return (field or taken.mail["From"]).addresses[0].addr_spec

    def answer(self, taken):
        """The mail it sends, and where to."""
        self.count += 1
        to = self.where(taken)
        if self.mirrors:
            return taken.mail, to
        mail = mails.message(
            self.addr, to, "Re: " + taken.mail["Subject"]
            if self.keeps_subject else "Your message to us",
            self.text(taken.mail))
        if self.threads:
            mail["In-Reply-To"] = taken.mail["Message-ID"]
            mail["References"] = taken.mail["Message-ID"]
        return mail, to


def responders(delay=0):
    """Every kind that answers to an address that we gave it, and the one
    that does not but always says the same."""
    found = []
    for at, keeps, quotes, threads, varies in itertools.product(
            (("from", "reply-to", "envelope"), ("envelope", "from")),
            (False, True), (False, True), (False, True), (False, True)):
        name = "auto%d%s" % (len(found), "-late" if delay else "")
        found.append(Responder(
            name, at, keeps_subject=keeps, quotes=quotes, threads=threads,
            varies=varies, delay=delay))
    return found


class Net:
    """Gateways, responders and what is in flight between them."""

    def __init__(self, gateways, robots, relay=None):
        self.gateways = {g.domain: g for g in gateways}
        self.robots = {robot.addr: robot for robot in robots}
        self.relay = relay or (lambda mail: None)
        self.random = random.Random(SEED)
        self.flight = []
        self.late = []
        self.round = 0
        self.busy = 0
        self.notices = collections.Counter()
        self.mails = collections.Counter()

    def post(self, mail, sender, to, delay=0):
        self.late.append((self.round + delay, mail, sender, to))

    def run(self, rounds=ROUNDS, least=60, most=3600):
        end = self.round + rounds
        while self.round < end and self.is_bounded():
            due = [item for item in self.late if item[0] <= self.round]
            if due:
                self.late = [i for i in self.late if i[0] > self.round]
                self.busy += 1
                for _, mail, sender, to in due:
                    self.carry(mail, sender, to)
                for gateway in self.gateways.values():
                    self.collect(gateway)
            elif self.round % 100 == 0:
                for gateway in self.gateways.values():
                    self.collect(gateway)
            seconds = self.random.randint(least, most)
            for gateway in self.gateways.values():
                gateway.advance(seconds)
            self.round += 1

    def is_bounded(self):
        """A loop that is found need not be watched for all rounds."""
        return max(self.notices.values(), default=0) <= 20

    def carry(self, mail, sender, to):
        gateway = self.gateways[domain_of(to)]
        octets = mail.as_bytes(policy=email.policy.SMTP)
        replies = gateway.deliver(
            b"Received: from a by b; %d\r\n" % self.round + octets,
            sender, [to])
        if replies[0][0] != 250:
            self.mails["refused"] += 1

    def collect(self, gateway):
        for taken in gateway.news():
            for rcpt in taken.rcpts:
                other = base(rcpt)
                self.mails[gateway.domain, other] += 1
                if taken.is_notice():
                    self.notices[gateway.domain, other] += 1
                self.receive(taken, rcpt)

    def receive(self, taken, rcpt):
        """People read and stay silent."""
        robot = self.robots.get(base(rcpt))
        if robot is None:
            if domain_of(rcpt) not in self.gateways:
                return
            mail = mails.parse(taken.octets)
            self.relay(mail)
            self.post(mail, taken.sender, rcpt)
            return
        mail, to = robot.answer(taken)
        self.post(mail, robot.addr, to, 1 + robot.delay)


def strip(mail):
    """A relay that takes away all by which a machine could be known."""
    for name in ("Auto-Submitted", "References", "In-Reply-To"):
        del mail[name]


class Pair(unittest.TestCase):
    """Two gateways; the tests come after each other in time."""

    @classmethod
    def setUpClass(cls):
        cls.pair = []
        for domain in ("casino.example", "rival.example"):
            gateway = Gateway(domain=domain, workers=2, more={
                "limits.ack_burst": BURST})
            cls.pair.append(gateway)
            cls.addClassCleanup(gateway.stop)
            gateway.start()

    def net(self, robots=(), relay=None):
        return Net(self.pair, robots, relay)

    def seed(self, net):
        """Everybody once writes to everybody, some of it forged."""
        one, two = self.pair
        for robot in net.robots.values():
            for gateway in self.pair:
                mail, to = robot.first(gateway.queue)
                net.post(mail, robot.addr, to)
        for here, there in ((one, two), (two, one)):
            net.post(mails.message(
                there.queue, here.queue, "Our account",
                "Dear %s, please tell us our balance.\n" % here.domain),
                there.queue, here.queue)

    def expect_quiet(self, net, notices=2):
        """Nothing goes round: a few rounds, then silence to the end."""
        self.assertEqual({who: count for who, count in net.notices.items()
                          if count > notices}, {})
        self.assertEqual(net.round, ROUNDS)
        self.assertEqual(net.late, [])
        self.assertEqual(net.mails["refused"], 0)
        for robot in net.robots.values():
            for gateway in self.pair:
                # Or nothing was tested.
                self.assertGreaterEqual(
                    net.notices[gateway.domain, robot.addr], 1, robot.addr)
        for gateway in self.pair:
            self.assertEqual(gateway.faults(), [])

    def test_a_thousand_rounds(self):
        net = self.net(responders())
        self.seed(net)
        net.run()
        self.expect_quiet(net)
        # First mails, acknowledgements, answers to them.
        self.assertLessEqual(net.busy, 8)

    def test_answers_that_come_late(self):
        net = self.net(responders(delay=20))
        self.seed(net)
        net.run()
        self.expect_quiet(net)

    def test_constant_words_to_the_queue(self):
        """It ignores every address we give and every id."""
        net = self.net([Responder("deaf", ["queue"])])
        self.seed(net)
        net.run()
        self.expect_quiet(net)

    def test_our_mails_come_back_as_they_are(self):
        net = self.net([
            Responder("mirror%d" % i, [at], mirrors=True)
            for i, at in enumerate(("from", "envelope", "queue"))])
        self.seed(net)
        net.run()
        self.expect_quiet(net, 1)

    def test_a_relay_that_takes_headers_away(self):
        net = self.net(relay=strip)
        self.seed(net)
        net.run()
        self.expect_quiet(net)
        for here, there in (self.pair, self.pair[::-1]):
            self.assertGreaterEqual(
                net.notices[here.domain, there.queue], 1)

    def test_words_that_differ_to_the_queue(self):
        """Nothing ties its mails together but that they are so many."""
        net = self.net([Responder("chatty", ["queue"], varies=True)])
        self.seed(net)
        net.run(least=1, most=300)
        self.expect_quiet(net, BURST)


class Desks(unittest.TestCase):
    """The agents of one are the other's queue."""

    @classmethod
    def setUpClass(cls):
        cls.pair = []
        for names in ({"domain": "casino.example",
                       "team": "support@rival.example",
                       "members": (ANNA, "support@rival.example")},
                      {"domain": "rival.example"}):
            gateway = Gateway(workers=2, **names)
            cls.pair.append(gateway)
            cls.addClassCleanup(gateway.stop)
            gateway.start()

    def test_copies_and_words_do_not_go_round(self):
        net = Net(self.pair, [])
        player = "player@players.example"
        net.post(mails.message(player, self.pair[0].queue, "Bonus",
                               "Where is it?\n"), player, self.pair[0].queue)
        net.run()
        self.assertEqual(net.late, [])
        self.assertGreaterEqual(
            net.mails["casino.example", "support@rival.example"], 1)
        self.assertLessEqual(max(net.notices.values()), 2, net.notices)
        self.assertLessEqual(net.busy, 8)


class Words(unittest.TestCase):
    """What an agent is told of his mail (complaint 8)."""

    @classmethod
    def setUpClass(cls):
        cls.world = Gateway(workers=2, more={"limits.ack_burst": BURST})
        cls.addClassCleanup(cls.world.stop)
        cls.world.start()

    def give(self, mail):
        """As Anna's own client; what she is told. Put off or taken, nothing
        else becomes of it."""
        (code, text), = self.world.deliver(
            mail.as_bytes(policy=email.policy.SMTP), ANNA, [self.world.queue],
            self.world.results("auth=pass smtp.auth=" + ANNA))
        self.assertIn(code, (250, 451), text)
        taken = self.world.news()
        for item in taken:
            self.assertEqual(item.rcpts, [ANNA])
            self.assertEqual(item.sender, "")
            self.assertEqual(item.mail["Auto-Submitted"], "auto-generated")
        return taken

    def test_an_error_notice_does_not_loop(self):
        """Her responder sets no header, reads none, and answers to From."""
        told, last = 0, None
        for _ in range(100):
            taken = self.give(mails.message(
                ANNA, self.world.queue, "Re: Your mail" if last else "Hello",
                "I have read it.\n"))
            told += len(taken)
            last = taken or last
        # The hour may change in between.
        self.assertIn(told, range(1, 2 * BURST + 1))

    def test_a_responder_that_says_what_it_is_is_not_told(self):
        """One that reads the envelope does not even see an address."""
        for headers in ({"Auto_Submitted": "auto-replied"},
                        {"Precedence": "bulk"}):
            self.assertEqual(self.give(mails.message(
                ANNA, self.world.queue, "Re: Not sent", "I have read it.\n",
                **headers)), [])


class Breaker(unittest.TestCase):
    """The post is held: alarmed, shown, and nothing lost (complaint 9)."""

    RATE = 5
    FLOOD = 12

    @classmethod
    def setUpClass(cls):
        cls.world = Gateway(workers=4, more={
            "limits.post_rate": cls.RATE, "limits.ack_burst": 1000})
        cls.addClassCleanup(cls.world.stop)
        cls.world.start()

    def sent_to(self, players):
        """Notices that each of them got."""
        got = collections.Counter()
        for taken in self.world.sink.mails:
            got.update(rcpt for rcpt in taken.rcpts if rcpt in players)
        return [got[player] for player in players]

    def release_all(self):
        """Releases until nothing waits; returns how often."""
        for count in range(1, 10):
            self.world.nymdesk("post", "release")
            wait_for(lambda: self.world.is_idle() or self.is_held(), 20,
                     "the post to send or to hold")
            if self.world.is_idle():
                return count
        raise AssertionError("still held")

    def is_held(self):
        return self.world.status()["post_hold"] not in (None, "none", "")

    def test_1_a_flood_of_first_mails(self):
        world = self.world
        players = ["flood%d@players.example" % i for i in range(self.FLOOD)]
        for player in players:
            world.give(mails.message(player, world.queue, "Bonus",
                                     "Where is it?\n"))
        wait_for(self.is_held, 20, "the breaker")
        self.assertEqual(len(world.copies(world.sink.mails)), self.FLOOD)
        status = self.world.status()
        self.assertEqual(status["post_hold"], "breaker")
        left = sum(self.sent_to(players))
        # What the posts had in hand when the rate was reached still leaves.
        self.assertIn(left, range(self.RATE, self.RATE + 4))
        self.assertEqual(status["promises_open"], self.FLOOD - left)
        self.assertEqual(len(world.log_has("post.held")), 1)
        # A restart and an hour change nothing: somebody has to look.
        world.stop_nymdesk()
        world.advance(3700)
        world.start_nymdesk()
        self.assertEqual(self.world.status()["post_hold"], "breaker")
        self.assertEqual(sum(self.sent_to(players)), left)
        times = self.release_all()
        self.assertLessEqual(times, self.FLOOD // self.RATE + 1)
        self.assertEqual(self.sent_to(players), [1] * self.FLOOD)
        world.nymdesk("post", "release")
        world.news()

    def test_2_held_by_hand(self):
        world = self.world
        player = "held@players.example"
        _, copy, _ = world.open("before@players.example")
        world.nymdesk("post", "hold")
        self.assertEqual(self.world.status()["post_hold"], "operator")
        world.give(mails.message(player, world.queue, "Bonus", "Where?\n"))
        answer = mails.reply(copy.mail, ANNA, "It is on its way.\n")
        octets = answer.as_bytes(policy=email.policy.SMTP)
        above = world.results("auth=pass smtp.auth=" + ANNA)
        to = [copy.mail["Reply-To"].addresses[0].addr_spec]
        (code, _), = world.deliver(octets, ANNA, to, above)
        self.assertEqual(code, 451)
        self.assertEqual(self.sent_to([player, "before@players.example"]),
                         [0, 1])
        world.nymdesk("post", "release")
        # Postfix tries again; twice, because its answer got lost.
        for _ in range(2):
            (code, _), = world.deliver(octets, ANNA, to, above)
            self.assertEqual(code, 250)
        wait_for(world.is_idle, 20, "the promise to be kept")
        self.assertEqual(self.sent_to([player, "before@players.example"]),
                         [1, 2])
        self.assertEqual(self.world.status()["post_hold"], "none")


if __name__ == "__main__":
    unittest.main()
