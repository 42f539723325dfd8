"""What users of other help desks complain about, by row, and where each is
tested here.

The numbers are those of the project's list of complaints; TITLES says in a
few words what a row is about. Every row names tests that exist: scenarios of
the desk, unit tests, leak tests, tests of this directory.
"""

import os
import unittest

from tools import ROOT, test_exists as exists

SYSTEM, UNIT, SCENARIO, LEAK = ("tests/%s/" % name for name in (
    "system", "unit", "scenario", "leak"))

TITLES = {
    1: "a stranger with a number in the subject gets into a ticket",
    2: "forged From and References; To and Cc become watchers",
    3: "who replies from a blind copy replaces the customer",
    4: "Reply-To silently becomes the customer",
    5: "numbers can be guessed",
    6: "noreply and automatic replies go round",
    7: "the bounce of an acknowledgement is acknowledged",
    8: "an error notice goes round",
    9: "nothing stops a storm of mails",
    10: "automatic replies are backscatter",
    11: "acknowledging once a day hits real users",
    12: "acknowledged, and then the ticket was not kept",
    13: "250 before the mail is kept",
    14: "over the limit the customer's mail bounces",
    15: "duplicates; a reply to all before the first answer opens tickets",
    16: "bad charsets stop processing",
    17: "a crafted mail takes for ever",
    18: "the quote stripper eats new words",
    19: "an agent's reply by mail does not reach the customer",
    20: "the agent's address or client shows",
    21: "an agent's absence notice reaches the customer, or stops a clock",
    22: "a reply to an own mail gives the address away in the quote",
    23: "a name or an address in another writing stays in the text",
    24: "encrypted and signed mails give key and address away",
    25: "parts that were encoded anew are broken",
    26: "clients reply to the wrong address, Bcc, reply to all",
    27: "capability addresses in other case or shape",
    28: "signatures that do not hold, lines that are too long",
    29: "clocks count wrong, and automatic mails as replies",
    30: "no second level; tickets that come back count as solved",
    31: "no report on promises kept",
    32: "erasing leaves something, or takes the numbers along",
    33: "addresses in logs and in Received",
    34: "a hash of an address can be turned back",
    35: "metadata of files, and pictures that load from afar",
    36: "an answer was not delivered and nobody is told, or it goes twice",
    37: "agents see the customer's address",
}

TESTS = {
    1: [SYSTEM + "routes.py:test_row_5_hijack_by_number",
        SCENARIO + "complaint-01_strangers_number.scn"],
    2: [SYSTEM + "routes.py:test_row_5_hijack_by_from",
        SYSTEM + "routes.py:test_row_5_hijack_by_references",
        SYSTEM + "routes.py:test_nobody_is_added_by_cc",
        SCENARIO + "complaint-02_spoofed_reference.scn"],
    3: [SYSTEM + "routes.py:test_row_2_other_address",
        SCENARIO + "complaint-03_third_party_reply.scn"],
    4: [SYSTEM + "routes.py:test_nobody_is_added_by_cc",
        SYSTEM + "routes.py:test_reply_to_is_not_the_player"],
    5: [SYSTEM + "guesses.py:test_1_addresses",
        SYSTEM + "guesses.py:test_2_message_ids_and_numbers",
        UNIT + "ticket.c:number_catches_every_substitution",
        UNIT + "ticket.c:number_catches_every_swap",
        UNIT + "vault_chance.c:numbers_have_no_order"],
    6: [SYSTEM + "loops.py:test_a_thousand_rounds",
        SYSTEM + "machine.py:test_senders",
        SCENARIO + "complaint-06_loop.scn"],
    7: [SYSTEM + "machine.py:test_acknowledgement_failed",
        SCENARIO + "complaint-07_bounce_of_ack.scn"],
    8: [SYSTEM + "loops.py:test_an_error_notice_does_not_loop",
        SYSTEM + "agents.py:test_a_responder_cannot_start_a_loop",
        UNIT + "desk_limits.c:an_agent_is_told_so_often"],
    9: [SYSTEM + "loops.py:test_1_a_flood_of_first_mails",
        SYSTEM + "loops.py:test_2_held_by_hand",
        UNIT + "desk_limits.c:a_storm_holds_the_post_and_loses_nothing"],
    10: [SYSTEM + "routes.py:"
         "test_unproven_players_get_a_ticket_and_no_word",
         SCENARIO + "complaint-10_backscatter.scn"],
    11: [SYSTEM + "loops.py:test_words_that_differ_to_the_queue",
         SCENARIO + "complaint-11_ack_for_each_ticket.scn"],
    12: [SYSTEM + "faults.py:test_kill_desk",
         SYSTEM + "faults.py:test_disk_full",
         SCENARIO + "complaint-12_ack_without_ticket.scn"],
    13: [SYSTEM + "faults.py:test_database_read_only"],
    14: [SYSTEM + "loops.py:test_1_a_flood_of_first_mails",
         SCENARIO + "complaint-14_flood.scn"],
    15: [SYSTEM + "once.py:test_two_addresses_at_the_same_moment",
         SYSTEM + "routes.py:test_reply_to_own_first_mail",
         SYSTEM + "routes.py:test_reply_all",
         SCENARIO + "complaint-15_duplicates.scn"],
    16: [SYSTEM + "shapes.py:test_hostile_shapes_become_tickets",
         UNIT + "mail_broken.c:texts_are_repaired"],
    17: [UNIT + "mail.c:bombs_are_bounded",
         UNIT + "mail_facts.c:prescan_refuses_bombs"],
    18: [UNIT + "mail_quotes.c:new_words_are_never_cut",
         SYSTEM + "quotes.py:test_new_words_whole_and_nothing_else"],
    19: [SYSTEM + "clients.py:test_notmuch_finds_one_thread",
         SYSTEM + "routes.py:test_agent_capability_in_any_shape",
         SYSTEM + "conversation.py:"
         "test_player_sees_the_role_and_the_answer"],
    20: [SYSTEM + "agents.py:"
         "test_nothing_of_the_agent_reaches_the_player",
         SYSTEM + "conversation.py:test_player_sees_nothing_of_the_agent"],
    21: [SYSTEM + "agents.py:"
         "test_automatic_replies_reach_no_player_and_are_told",
         SYSTEM + "machine.py:test_a_machine_of_an_agent",
         SYSTEM + "day.py:test_stopped_mails_reach_nobody_else",
         UNIT + "deliver_agents.c:automatic_replies_of_agents_go_no_further"],
    22: [SYSTEM + "quotes.py:test_an_answer_to_an_own_answer_names_nobody",
         SYSTEM + "quotes.py:test_a_player_quotes_what_names_him"],
    23: [UNIT + "rules_own.c:test_hidden",
         UNIT + "rules.c:test_owns",
         LEAK + "slots_body.py"],
    24: [SYSTEM + "files.py:test_signatures_and_keys_leave_no_trace",
         UNIT + "mail_files.c:signatures_and_keys_are_dropped",
         UNIT + "mail_files.c:encrypted_mails_are_held"],
    25: [UNIT + "mail_compose.c:test_quoted_printable",
         UNIT + "mail_compose.c:test_text_round_trip",
         UNIT + "mail_compose.c:test_octets_round_trip"],
    26: [SYSTEM + "routes.py:test_reply_to_from",
         SYSTEM + "routes.py:test_agent_reply_all_is_one_answer",
         SYSTEM + "agents.py:test_further_recipients_stop_the_answer",
         SYSTEM + "agents.py:test_a_mail_to_somebody_else_by_bcc"],
    27: [SYSTEM + "routes.py:test_row_1_capability_lowercased",
         SYSTEM + "routes.py:test_row_1_capability_uppercased",
         SYSTEM + "routes.py:test_row_1_plus_turned_into_minus",
         SYSTEM + "routes.py:test_row_1_plus_percent_encoded",
         SYSTEM + "routes.py:test_row_1_quoted_local_part",
         UNIT + "intake_place.c:place_knows_every_shape"],
    28: [SYSTEM + "conversation.py:"
         "test_copy_has_exactly_the_headers_of_the_design",
         SYSTEM + "files.py:check_shape",
         LEAK + "slots_head.py"],
    29: [SCENARIO + "sla_ack.scn",
         SCENARIO + "sla_first_reply.scn",
         SCENARIO + "sla_pause.scn",
         UNIT + "ticket_sla.c:clocks_run_day_and_night",
         UNIT + "ticket_sla_model.c:sla_agrees_with_the_model",
         UNIT + "desk_clocks.c:lives_agree_with_the_model"],
    30: [SCENARIO + "sla_levels.scn",
         SCENARIO + "steer_levels.scn",
         SCENARIO + "wish_escalate.scn",
         UNIT + "ticket_kpi.c:kpi_judges_the_first_level",
         SYSTEM + "day.py:test_levels",
         SYSTEM + "day.py:test_the_next_level_got_the_thread"],
    31: [SYSTEM + "day.py:test_report_equals_the_table",
         SYSTEM + "cli.py:test_report",
         SYSTEM + "report.py:test_shows_every_chart_and_number",
         UNIT + "ticket_kpi.c:kpi_is_the_table"],
    32: [SYSTEM + "forget.py:test_by_command",
         SYSTEM + "forget.py:test_no_order_remains",
         UNIT + "store_forget.c:test_forgotten_is_gone",
         LEAK + "after.py:test_5_after_destruction_nothing"],
    33: [SYSTEM + "logs.py:test_nobody_is_in_the_filtered_log",
         SYSTEM + "conversation.py:test_disk_holds_nothing_readable",
         SYSTEM + "faults.py:test_zz_log_holds_nothing_readable"],
    34: [LEAK + "after.py:test_3_before_without_the_vault_nothing"],
    35: [SYSTEM + "files.py:test_what_agents_get_of_files",
         SYSTEM + "images.py:test_only_pixels_come_back",
         SYSTEM + "shapes.py:test_html_is_read_as_text"],
    36: [SYSTEM + "machine.py:test_answer_failed",
         SYSTEM + "machine.py:test_a_closed_ticket_opens_again",
         SYSTEM + "faults.py:test_kill_post",
         SCENARIO + "complaint-36_answer_undelivered.scn"],
    37: [SYSTEM + "conversation.py:test_agents_see_nothing_of_the_player",
         LEAK + "pairs.py:test_agent_copies"],
}


class Complaints(unittest.TestCase):
    def test_every_row_has_tests_that_exist(self):
        self.assertEqual(sorted(TESTS), sorted(TITLES))
        self.assertEqual(set(TITLES), set(range(1, 38)))
        for row, names in TESTS.items():
            with self.subTest(row):
                self.assertTrue(names)
                self.assertEqual(
                    [name for name in names if not exists(name)], [])

    def test_every_scenario_of_a_complaint_is_named(self):
        there = {SCENARIO + name
                 for name in os.listdir(os.path.join(ROOT, SCENARIO))
                 if name.startswith("complaint-")}
        named = {name for names in TESTS.values() for name in names}
        self.assertEqual(there - named, set())


if __name__ == "__main__":
    unittest.main()
