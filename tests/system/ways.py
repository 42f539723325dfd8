"""Which tests run by which way in, and where the ways differ.

MODULES has every module of system tests, and those of the leak test: one row
each, with the ways it runs by. What takes in no mail, or brings ways of its
own, says so. EXCEPTIONS has the tests that cannot be the same by a way, with
the reason: run.py runs them all the same, and one that passes is a failure.
A difference that can be asserted is asserted where it is tested, and stands in
DIFFERENCES with the test that shows it.
"""

ALL = ("lmtp", "milter", "smtp")
NO_MAIL = "takes in no mail"

# Module: (ways, why not by all, what of it runs in the short form by the ways
# that ND_WAY does not name by itself).
MODULES = {}


def row(name, ways=ALL, why=None, short=()):
    MODULES[name] = (ways, why, short)


row("milter", ("milter",), "is about one way", ("milter",))
row("mixed", ("milter",), "is about one way", ("mixed",))
row("rude", ("milter",), "is about one way", ("rude",))
row("forged", ("milter", "smtp"), "is told by the reply", ("forged",))
row("leakscan", ("lmtp",), NO_MAIL)
row("conversation", short=("conversation",))
row("agents", short=(
    "agents.Agents.test_reply_to_all_and_outsiders",
    "agents.Agents.test_nothing_of_the_agent_reaches_the_player",
    "agents.Agents.test_the_same_answer_twice_is_sent_once"))
row("commands")
row("shapes", short=("shapes.Shapes.test_hostile_shapes_become_tickets",
                     "shapes.Shapes.test_an_international_address"))
row("files")
row("cli")
row("roles")
row("faults", short=("faults.Broken.test_desk_killed",
                     "faults.Broken.test_lmtp_killed",
                     "faults.Broken.test_front_killed",
                     "faults.Broken.test_reinjection_closed",
                     "faults.Killed.test_kill_front"))
row("ends", short=("ends.Ends.test_stop",
                   "ends.Ends.test_kill_fronts_and_workers"))
row("budget", ("smtp",), "is about one way", ("budget",))
row("images", ("lmtp",), NO_MAIL)
row("forget")
row("logs")
row("corpus")
row("clients")
row("quotes")
row("loops")
row("routes", short=("routes.Agents", "routes.Rows.test_row_1_capability",
                     "routes.Rows.test_forged_mail_by_capability_is_flagged"))
row("once", short=("once",))
row("machine", short=("machine.Bounces.test_answer_failed",
                      "machine.Classes.test_null_sender"))
row("guesses")
row("complaints", ("lmtp",), "reads the list of tests")
row("archive", ("lmtp",), NO_MAIL)
row("archivist")
row("receipts")
row("recipients", ("lmtp",), NO_MAIL)
row("report", ("lmtp",), NO_MAIL)
row("day")
row("spool", ("lmtp",), "brings all three ways")
# Below tests/leak.
row("pairs", short=("pairs",))
row("after")

# Test: {way: reason}.
EXCEPTIONS = {
    "cli.Command.test_check_knows_our_milter": {
        "milter": "begins with a Postfix that asks no milter"},
}

# What is different by a way and tested as it is there.
DIFFERENCES = {
    "conversation.Proof": "a mail in a member's name without a proof is "
    "refused; by LMTP it ends here, as its bounce would go to whom it names",
    "corpus.Corpus.test_bad_shapes_are_refused_on_the_line": "refused; by "
    "LMTP agents get a ticket that says that something could not be read",
    "logs.Filtered.test_the_log_as_it_is_names_them": "no header_checks run "
    "before the proxy, so a field that they name is not in the log",
    "logs.Filtered.test_what_became_of_the_mails_is_there": "the same",
    "commands.Commands.test_a_stranger_at_the_control_address": "the same",
    "routes.Agents.test_agent_needs_proof": "the same, told by the reply; "
    "by LMTP the member is told by mail, in case it was his",
}


def modules(way):
    return [name for name, (ways, _, _) in MODULES.items() if way in ways]


def short(way):
    return [test for ways, _, tests in MODULES.values() if way in ways
            for test in tests]


def reason(test, way):
    return EXCEPTIONS.get(test, {}).get(way)
