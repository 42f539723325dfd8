"""The list of ways an identity gets out, by row, and where each is tested.

H header fields, M MIME, B body, A attachments, S SMTP, P Postfix, D disk,
O operation, C correlation, G the agent, X abuse, K keys. The words of a row
say what must not happen. check() demands for every row: a slot of this test
(slots_*.py), a check of this test (CHECKS), a test elsewhere that exists
(TESTS), a paragraph of docs/limits.md that exists (LIMITS), or the reason why
there is no test yet (LATER).
"""

import re

import planted  # noqa: F401  (it registers the slots)
import shapes
import slots
from paths import ROOT
from tools import test_exists

COUNTS = {"H": 20, "M": 19, "B": 18, "A": 9, "S": 13, "P": 13, "D": 14,
          "O": 8, "C": 9, "G": 12, "X": 20, "K": 10}
ROWS = ["%s%d" % (letter, number + 1) for letter, count in COUNTS.items()
        for number in range(count)]

# Rows that are no token: the name of the check of run.py or its flows.
CHECKS = {
    "H19": "row H19 a fixed set of fields in copies",
    "M12": "row M12 no HTML for agents",
    "S1": "S1 envelope senders seen",
    "S2": "row S2 the same replies for every capability",
    "S5": "row S5 LHLO announces a fixed set",
    "S7": "row S7 the same reply to every VRFY and EXPN",
    "P1": "P1 the filtered log has lines",
    "D1": "database and journal were read",
    "D9": "row D9 no core files",
    "D10": "D10 processes were looked at",
    "C7": "row C7 nobody else gets mail",
    "G1": "row G1 a fixed set of fields in answers",
    "G3": "row G3 no capability of the agents' side for players",
    "G9": "row G9 no HTML for players",
    "G11": "row G11 one name in all answers",
    "K5": "row K5 the keys of the ended epochs are gone",
}

SYSTEM, UNIT, LINT, LEAK = ("tests/%s/" % name for name in (
    "system", "unit", "lint", "leak"))
TESTS = {
    "M18": [LEAK + "pairs.py:test_agent_copies"],
    "B17": [LEAK + "pairs.py:test_agent_copies"],
    "A8": [SYSTEM + "images.py:"
           "test_a_killed_child_is_a_refusal_and_leaves_no_file",
           UNIT + "image_child.c:a_child_renews_and_leaves_nothing"],
    "A9": [UNIT + "image_child.c:a_step_reaches_nothing",
           LINT + "linkmap.sh"],
    "S3": [UNIT + "intake.c:test_replies"],
    "S13": [SYSTEM
            + "agents.py:test_nothing_of_the_agent_reaches_the_player"],
    "S11": [SYSTEM + "faults.py:kill_in_the_middle"],
    "S12": [UNIT + "postfix_settings.c:each_bad_setting_is_found"],
    "P1": [SYSTEM + "logs.py:test_nobody_is_in_the_filtered_log"],
    "P3": [SYSTEM + "logs.py:test_check_sees_a_queue_in_memory",
           UNIT + "postfix_settings.c:each_bad_setting_is_found"],
    "P4": [SYSTEM + "logs.py:test_check_sees_a_queue_in_memory"],
    "P5": [UNIT + "postfix_settings.c:each_bad_setting_is_found"],
    "P6": [SYSTEM + "cli.py:test_check_refuses_copies",
           UNIT + "postfix_settings.c:each_bad_setting_is_found"],
    "P7": [UNIT + "postfix_settings.c:services_are_judged_too"],
    "P9": [UNIT + "postfix_settings.c:each_bad_setting_is_found"],
    "P12": [SYSTEM + "logs.py:test_the_zone_of_the_host_does_not_show",
            SYSTEM + "conversation.py:"
            "test_copy_has_exactly_the_headers_of_the_design"],
    "P13": [UNIT + "postfix_settings.c:each_bad_setting_is_found"],
    "D1": [UNIT + "store_file.c:test_deleted_is_gone",
           UNIT + "store_forget.c:test_forgotten_is_gone"],
    "D2": [LEAK + "after.py:test_3_before_without_the_vault_nothing"],
    "D3": [UNIT + "vault_seal.c:envelopes_have_one_length",
           LEAK + "pairs.py:test_sizes_of_files"],
    "D4": [UNIT + "store_forget.c:test_forget_times",
           SYSTEM + "forget.py:test_no_order_remains"],
    "D5": [SYSTEM + "conversation.py:test_disk_holds_nothing_readable",
           SYSTEM + "archivist.py:test_thread"],
    "D6": [SYSTEM + "forget.py:test_weeks_pass_without_a_mail"],
    "D7": [LEAK + "after.py:test_5_after_destruction_nothing"],
    "D8": [UNIT + "vault_faults.c:memory_is_locked_and_read_only",
           UNIT + "postfix_settings.c:the_machine_is_judged"],
    "D9": [SYSTEM + "roles.py:test_a_crash_leaves_no_core",
           SYSTEM + "roles.py:test_no_core_dumps"],
    "D10": [SYSTEM + "roles.py:test_process_titles_say_nothing"],
    "D12": [SYSTEM + "roles.py:test_memory_is_closed_to_others"],
    "D14": [SYSTEM + "receipts.py:test_a_digest_lies_nowhere",
            UNIT + "vault_seal.c:envelopes_have_one_length"],
    "O1": [UNIT + "base.c:the_log_takes_no_text_of_a_mail",
           LINT + "logtype.sh"],
    "O2": [SYSTEM + "faults.py:test_zz_log_holds_nothing_readable"],
    "O3": [LEAK + "pairs.py:test_status"],
    "O4": [SYSTEM + "cli.py:test_no_verb_names_a_player"],
    "O6": [LINT + "linkmap.sh"],
    "O7": [UNIT + "base.c:libraries_say_no_text"],
    "O8": [UNIT + "template.c:test_errors",
           SYSTEM + "shapes.py:"
           "test_acknowledgement_in_the_language_of_the_mail"],
    "C1": [UNIT + "vault.c:labels_have_nothing_in_common",
           UNIT + "vault_seal.c:jobs_have_their_own_ids"],
    "C2": [UNIT + "store.c:test_pseudonym_of_ticket"],
    "C3": [LEAK + "after.py:test_3_before_without_the_vault_nothing"],
    "C6": [SYSTEM + "conversation.py:"
           "test_acknowledgement_is_german_and_says_what_follows"],
    "C9": [SYSTEM + "shapes.py:"
           "test_an_answer_does_not_tell_who_is_known"],
    "G4": [SYSTEM + "commands.py:test_notes_stay_among_colleagues",
           SYSTEM + "commands.py:test_what_is_not_understood_does_nothing",
           UNIT + "deliver_steer.c:an_answer_to_a_note_goes_nowhere",
           UNIT + "guard.c:test_finds"],
    "G11": [SYSTEM + "archivist.py:test_transcript",
            UNIT + "archivist_mails.c:test_transcript"],
    "X1": [SYSTEM + "loops.py:test_words_that_differ_to_the_queue",
           SYSTEM + "routes.py:"
           "test_unproven_players_get_a_ticket_and_no_word"],
    "X2": [SYSTEM + "loops.py:test_a_thousand_rounds"],
    "X3": [UNIT + "mail_machine.c:programs_say_so_in_headers",
           UNIT + "mail_signs.c:automatic_words_are_known"],
    "X4": [SYSTEM + "shapes.py:test_machines_get_no_acknowledgement"],
    "X5": [UNIT + "vault.c:capabilities_prove_a_side",
           UNIT + "ticket_label.c:label_mac_is_65_bits"],
    "X6": [UNIT + "ticket_decide.c:test_routes"],
    "X7": [SYSTEM + "conversation.py:"
           "test_forged_agent_from_outside_reaches_nobody",
           SYSTEM + "conversation.py:test_login_proves_only_its_own_address"],
    "X8": [UNIT + "mail_compose.c:test_injection"],
    "X10": [UNIT + "mail.c:bombs_are_bounded",
            UNIT + "image_damage.c:bombs_are_refused_at_once"],
    "X11": [UNIT + "rules_engine.c:test_limit_time",
            UNIT + "mail_signs.c:endings_are_linear"],
    "X12": [UNIT + "intake_session.c:test_smuggling"],
    "X13": [UNIT + "mail_facts.c:authentication_is_judged"],
    "X14": [SYSTEM + "shapes.py:test_headers_are_ours_only",
            UNIT + "archivist_mails.c:test_archived_strangers"],
    "X15": [SYSTEM + "agents.py:"
            "test_a_wrong_capability_is_no_way_to_the_player"],
    "X16": [LEAK + "checks.py:check_common"],
    "X17": [UNIT + "vault_seal.c:opening_is_limited"],
    "X18": [SYSTEM + "roles.py:test_sockets_refuse_another_user",
            UNIT + "proto.c:another_uid_is_refused"],
    "X19": [SYSTEM + "agents.py:test_the_same_answer_twice_is_sent_once",
            UNIT + "ticket_decide.c:test_routes"],
    "X20": [UNIT + "rules_own.c:test_hidden"],
    "K1": [LEAK + "after.py:test_3_before_without_the_vault_nothing"],
    "K2": [SYSTEM + "roles.py:test_files_belong_to_one_role",
           LEAK + "after.py:test_3_before_without_the_vault_nothing"],
    "K3": [SYSTEM + "faults.py:test_vault_killed"],
    "K4": [SYSTEM + "forget.py:test_weeks_pass_without_a_mail"],
    "K5": [UNIT + "vault_keys.c:destruction_overwrites"],
    "K6": [LEAK + "after.py:test_5_after_destruction_nothing"],
    "K7": [LEAK + "after.py:test_2_before_with_the_vault_envelopes_open"],
    "K8": [SYSTEM + "forget.py:test_a_clock_that_went_back",
           UNIT + "vault_keys.c:clock_does_not_go_back"],
}

# How a paragraph of docs/limits.md begins.
LIMITS = {
    "B15": "What players tell.",
    "P2": "Before and after us.",
    "P8": "Before and after us.",
    "P10": "Before and after us.",
    "P11": "Before and after us.",
    "D12": "The machine.",
    "D13": "The machine.",
    "C4": "What an agent copy shows of a mail all the same:",
    "C5": "What an agent copy shows of a mail all the same:",
    "C8": "Wallets and transactions",
    "G12": "Agents.",
}

# What of a row has no test yet.
LATER = {
    "D11": "the log goes to standard error; what a journal makes of it is "
           "the machine's, and the log itself is scanned here",
    "O5": "there is no support bundle",
    "X9": "the growth of the database under a flood: bursts and the breaker "
          "bound what is sent, not what is kept",
    "K9": "a clone of a running machine cannot be made here",
    "K10": "nymdesk signs receipts only: a DKIM key is the signing filter's",
}


def heading_exists(heading):
    with open(ROOT + "/docs/limits.md", encoding="utf-8") as file:
        # A paragraph may be wrapped after its first words.
        text = re.sub(r"\s+", " ", file.read())
    return "**%s" % heading in text


def with_slot():
    rows = {slots.ROW[code] for code in slots.CLASS}
    rows |= {row for row, _, _ in shapes.TEXT_CODINGS.values() if row}
    return rows - {"BODY", "KEEP", "SAID"}


def check():
    """Sentences about rows that nobody looks at and names that are not
    there."""
    found = []
    known = with_slot() | set(CHECKS) | set(TESTS) | set(LIMITS) | set(LATER)
    found += ["%s is nowhere" % row for row in ROWS if row not in known]
    found += ["%s is no row" % row for row in sorted(known - set(ROWS))]
    found += ["%s: no %s" % (row, name) for row, names in TESTS.items()
              for name in names if not test_exists(name)]
    found += ["%s: no paragraph %s" % (row, heading)
              for row, heading in LIMITS.items()
              if not heading_exists(heading)]
    return found


def checked_by(row):
    """Where a row is looked at, in a few words."""
    places = ["slot"] * (row in with_slot()) + ["check"] * (row in CHECKS) \
        + TESTS.get(row, [])
    if row in LIMITS:
        places.append("limit: " + LIMITS[row])
    if row in LATER:
        places.append("later: " + LATER[row])
    return places
