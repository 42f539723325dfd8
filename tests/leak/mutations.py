"""The leaks that mutants.py builds one at a time.

Each row: its name; the test that must notice; the file and a text in it that
stands there once; what stands there instead. MUTANT("name") is true when the
mutant of that name runs; all others behave as the source does.
"""

import collections

Mutant = collections.namedtuple("Mutant", "name killer file old new")

LEAK, PAIRS, AFTER, RECEIPTS = "leak", "pairs", "after", "receipts"
BY_MILTER, BY_PROXY, FRONT = "leak-milter", "leak-smtp", "front"
FORGED_MILTER, FORGED_PROXY = "forged-milter", "forged-smtp"
MILTER, MAP = "milter", "map"
SCRUB = "src/mail/scrub.c"
PLAYER = "src/intake/player.c"
CASE = "src/intake/case.c"
AGENT = "src/intake/agent.c"
VAULT = "src/vault/vault.c"
REPLY = "src/mail/scrub_agent.c"


ROWS = [
    # What agents read of a player.
    ("subject-unredacted", LEAK, SCRUB,
     "out->subject = writer_clean(redacted, SCRUB_SUBJECT_MAX);",
     "out->subject = writer_clean(MUTANT(\"subject-unredacted\") ? "
     "mail->subject : redacted, SCRUB_SUBJECT_MAX);"),
    ("text-unredacted", LEAK, SCRUB,
     "is_all_quoted ? split.quoted : split.fresh, &out->tally);",
     "is_all_quoted ? split.quoted : split.fresh, &out->tally); "
     "if (MUTANT(\"text-unredacted\")) out->text = g_strdup(split.fresh);"),
    ("quote-unredacted", LEAK, SCRUB,
     "is_all_quoted ? \"\" : split.quoted, &out->tally);",
     "is_all_quoted ? \"\" : split.quoted, &out->tally); "
     "if (MUTANT(\"quote-unredacted\")) out->tail = g_strdup(split.quoted);"),
    ("own-words-unknown", LEAK, SCRUB,
     "own = own_literals_of_player(mail, &split);",
     "own = MUTANT(\"own-words-unknown\") ? rules_literals_new() : "
     "own_literals_of_player(mail, &split);"),
    ("file-unredacted", LEAK, SCRUB,
     "out->text = rules_redact_noted(rules, own, bare, tally);",
     "out->text = MUTANT(\"file-unredacted\") ? g_strdup(bare) : "
     "rules_redact_noted(rules, own, bare, tally);"),
    ("receipt-kept", LEAK, "src/rules/redact.c",
     "		    (pass->depth == 0 || strcmp(rule->as, \"[address]\") == 0))",
     "		    !(MUTANT(\"receipt-kept\") && "
     "g_strcmp0(rule->as, \"[receipt]\") == 0) &&\n"
     "		    (pass->depth == 0 || strcmp(rule->as, \"[address]\") == 0))"),
    ("signature-kept", LEAK, "src/mail/quote.c",
     "		quote_mark(lines, sig, high, QUOTE_PART_SIG);",
     "		quote_mark(lines, sig, high, MUTANT(\"signature-kept\") ? "
     "QUOTE_PART_FRESH : QUOTE_PART_SIG);"),
    ("files-passed", LEAK, "src/intake/files.c",
     "		if (!passes)", "		if (!passes && !MUTANT(\"files-passed\"))"),
    ("images-as-they-came", LEAK, "src/intake/files.c",
     "attach(r, out, cleaned, SCRUBBED_CLEANED);",
     "attach(r, out, MUTANT(\"images-as-they-came\") ? "
     "g_bytes_ref(file->octets) : cleaned, SCRUBBED_CLEANED);"),
    ("name-in-from", LEAK, PLAYER,
     "	    .agent_address = agent,\n	    .pseudonym = admitted->pseudonym,",
     "	    .agent_address = agent,\n	    .pseudonym = MUTANT("
     "\"name-in-from\") ? c->mail->from_name : admitted->pseudonym,"),
    ("player-in-to", LEAK, PLAYER,
     "	    .queue_address = c->queue->address,",
     "	    .queue_address = MUTANT(\"player-in-to\") && "
     "c->mail->from_addr != NULL ? addr_to_wire(c->mail->from_addr) : "
     "c->queue->address,"),
    ("foreign-reference", LEAK, PLAYER,
     "	    .previous_id = previous,",
     "	    .previous_id = MUTANT(\"foreign-reference\") ? "
     "c->mail->message_id : previous,"),
    ("id-in-flags", LEAK, PLAYER,
     "	    .flags = flags,",
     "	    .flags = MUTANT(\"id-in-flags\") ? c->mail->message_id : flags,"),
    ("envelope-sender", LEAK, CASE,
     "	    .sender_addr = sender,",
     "	    .sender_addr = MUTANT(\"envelope-sender\") && "
     "c->mail->from_addr != NULL ? addr_to_wire(c->mail->from_addr) : "
     "sender,"),

    ("archived-answer-addressed", LEAK, "src/outbound/post.c",
     "		mail->on_labelled(&way->label, mail->user_data);",
     "	{\n		if (MUTANT(\"archived-answer-addressed\")) "
     "((struct proto_job *)mail->job)->pseudonym = "
     "g_strdup(way->envelope.player_addr);\n"
     "		mail->on_labelled(&way->label, mail->user_data);\n	}"),
    ("archived-answer-threaded", LEAK, "src/outbound/post.c",
     "	if (mail->on_labelled != NULL)",
     "	if (MUTANT(\"archived-answer-threaded\")) "
     "((struct proto_job *)mail->job)->pseudonym = "
     "g_strdup(way->envelope.message_id);\n"
     "	if (mail->on_labelled != NULL)"),

    # What lies on the disk.
    ("id-stored", LEAK, CASE,
     "	    .copy_id = id};",
     "	    .copy_id = MUTANT(\"id-stored\") ? c->mail->message_id : id};"),
    ("id-as-category", LEAK, PLAYER,
     "	admit->category = (char *)reading->category;",
     "	admit->category = MUTANT(\"id-as-category\") ? "
     "g_strndup(c->mail->message_id, 60) : (char *)reading->category;"),
    ("digest-as-category", RECEIPTS, PLAYER,
     "	admit->lang = (char *)reading->body.lang;",
     "	admit->lang = (char *)reading->body.lang; if (MUTANT("
     "\"digest-as-category\")) { char *hex = g_malloc0(65); for (int i = 0; "
     "i < 64; i++) hex[i] = \"0123456789abcdef\"[c->canonical.b[i / 2] >> "
     "(i % 2 ? 0 : 4) & 15]; admit->category = hex; }"),
    ("name-logged", LEAK, PLAYER,
     "	log_info(\"ticket.mail\", LOG_TICKET(&admitted->number),",
     "	if (MUTANT(\"name-logged\")) dprintf(2, \"from %s\\n\", "
     "c->mail->from_name);\n"
     "	log_info(\"ticket.mail\", LOG_TICKET(&admitted->number),"),
    ("nonce-of-content", LEAK, VAULT,
     "	randombytes_buf(sealed, NONCE_LEN);",
     "	randombytes_buf(sealed, NONCE_LEN); if (MUTANT(\"nonce-of-content\"))"
     " memcpy(sealed, content, MIN(len, NONCE_LEN));"),

    # What players read of an agent.
    ("agent-quote-kept", LEAK, REPLY,
     "unsigned_words(split->fresh, names, self);",
     "unsigned_words(MUTANT(\"agent-quote-kept\") ? g_strconcat(split->fresh, "
     "\"\\n\", split->tail, NULL) : split->fresh, names, self);"),
    ("automatic-relayed", LEAK, AGENT,
     "	return c->mail->machine != MAIL_PERSON ||",
     "	return MUTANT(\"automatic-relayed\") ? FALSE : "
     "c->mail->machine != MAIL_PERSON ||"),
    ("reply-all-relayed", LEAK, AGENT,
     "	if (to.people > 0)",
     "	if (to.people > 0 && !MUTANT(\"reply-all-relayed\"))"),

    ("agent-capability-for-player", LEAK, VAULT,
     "	label.agent = (struct label_mac){{0}};",
     "	if (MUTANT(\"agent-capability-for-player\")) "
     "label.player = label.agent;\n"
     "	label.agent = (struct label_mac){{0}};"),
    ("agent-name-in-answer", LEAK, "src/outbound/handover.c",
     "	    .text = filed->text,",
     "	    .text = MUTANT(\"agent-name-in-answer\") ? g_strconcat("
     "filed->text, \"\\n\", filed->agent, NULL) : filed->text,"),
    ("agent-name-in-transcript", LEAK, "src/mail/archived.c",
     "	writer_part(out, text, \"\");",
     "	writer_part(out, MUTANT(\"agent-name-in-transcript\") ? "
     "g_strconcat(text, \"\\n\", answer->agent, NULL) : text, \"\");"),
    ("note-sent", LEAK, "src/intake/answer.c",
     "		return g_strdup(\"\");",
     "		return g_strdup(MUTANT(\"note-sent\") ? m->note : \"\");"),
    ("reason-sent", LEAK, "src/intake/answer.c",
     "	return g_strdup(m->steer.text);",
     "	return MUTANT(\"reason-sent\") && m->note != NULL ? g_strconcat("
     "m->note, \"\\n\", m->steer.text, NULL) : g_strdup(m->steer.text);"),
    ("misspelt-command-sent", LEAK, "src/intake/steer.c",
     "	    !steer_parse(words, names_for_steer(c->names), &m->steer,\n"
     "		&no->error))\n		return FALSE;",
     "	    (!steer_parse(words, names_for_steer(c->names), &m->steer,\n"
     "		&no->error) && !MUTANT(\"misspelt-command-sent\")))\n"
     "		return FALSE;\n"
     "	if (no->error != NULL) {\n"
     "		g_clear_error(&no->error);\n"
     "		m->steer.text = g_strdup(words);\n"
     "		m->steer.commands = g_array_new(FALSE, TRUE, "
     "sizeof(struct steer_command));\n"
     "	}"),
    ("note-in-transcript", LEAK, "src/outbound/transcript.c",
     "	if (facts->kind == ARCHIVED_NOTE)\n		return FALSE;",
     "	if (facts->kind == ARCHIVED_NOTE)\n"
     "		return MUTANT(\"note-in-transcript\");"),
    ("agent-name-logged", LEAK, "src/intake/steer.c",
     "		log_info(\"ticket.steer\", LOG_TICKET(&m->admitted->number),",
     "		if (MUTANT(\"agent-name-logged\")) dprintf(2, \"by %s\\n\", "
     "m->name);\n	if (!is_dry)\n"
     "		log_info(\"ticket.steer\", LOG_TICKET(&m->admitted->number),"),

    # What two players differ in.
    ("placeholder-length", PAIRS, "src/rules/redact.c",
     "		g_string_append(out, span->as);",
     "		g_string_append(out, span->as); if (MUTANT("
     "\"placeholder-length\")) g_string_append_printf(out, \"%zu\", "
     "span->end - span->start);"),
    ("length-logged", PAIRS, PLAYER,
     "	    LOG_NUM(\"verdict\", admitted->verdict),",
     "	    LOG_NUM(\"verdict\", MUTANT(\"length-logged\") ? "
     "strlen(c->mail->from_name) : admitted->verdict),"),
    ("exact-size", PAIRS, "src/mail/scrub.c",
     "	out->size = strlen(out->text);",
     "	out->size = MUTANT(\"exact-size\") ? "
     "strlen(file->text) << 10 : strlen(out->text);"),
    ("length-in-database", PAIRS, PLAYER,
     "	admit->flags |= reading->words;",
     "	admit->flags |= reading->words; if (MUTANT(\"length-in-database\") && "
     "strlen(c->mail->from_name) > 10) "
     "admit->flags |= PROTO_FLAG_PLACEHOLDER;"),

    # What can be confirmed.
    ("contact-unkeyed", AFTER, VAULT,
     "	mac_begin(&mac, key, \"contact\");",
     "	if (MUTANT(\"contact-unkeyed\")) { struct proto_key plain; "
     "(void)crypto_hash_sha256(plain.b, (const guint8 *)sender_addr, "
     "strlen(sender_addr)); return plain; }\n"
     "	mac_begin(&mac, key, \"contact\");"),
    ("one-root-for-all", AFTER, "src/vault/keys.c",
     "	randombytes_buf(keys->image->root, ROOT_LEN);",
     "	randombytes_buf(keys->image->root, ROOT_LEN); if (MUTANT("
     "\"one-root-for-all\")) for (int i = 0; i < ROOT_LEN; i++) "
     "keys->image->root[i] = (guint8)(i * 37 + 130);"),
    ("forgets-no-envelope", AFTER, "src/store/forget.c",
     "	return store->ops->remove(store, STORE_ENVELOPE, number, err) &&",
     "	return (MUTANT(\"forgets-no-envelope\") || "
     "store->ops->remove(store, STORE_ENVELOPE, number, err)) &&"),
    ("forgets-no-contact", AFTER, "src/store/forget.c",
     "	return store->ops->remove(store, STORE_CONTACT, contact, err);",
     "	return MUTANT(\"forgets-no-contact\") || "
     "store->ops->remove(store, STORE_CONTACT, contact, err);"),

    # What a front and its worker know and say.
    ("milter-logs-sender", BY_MILTER, "src/intake/milter.c",
     "	milter_mail_from(conn->mail, (const char *const *)argv);",
     "	if (MUTANT(\"milter-logs-sender\")) dprintf(2, \"from %s\\n\", "
     "argv[0]);\n"
     "	milter_mail_from(conn->mail, (const char *const *)argv);"),
    ("milter-names-itself-by-sender", BY_MILTER, "src/intake/milter.c",
     "	milter_mail_body(conn->mail, data, len);",
     "	if (MUTANT(\"milter-names-itself-by-sender\")) "
     "prctl(PR_SET_NAME, milter_mail_envelope(conn->mail)->sender_addr);\n"
     "	milter_mail_body(conn->mail, data, len);"),
    ("proxy-logs-text", BY_PROXY, "src/intake/proxy.c",
     "	g_clear_pointer(&peer->message, g_bytes_unref);\n"
     "	queue_put(proxy, &proxy->done, peer);",
     "	if (MUTANT(\"proxy-logs-text\")) dprintf(2, \"%.*s\\n\", "
     "(int)g_bytes_get_size(peer->message), "
     "(const char *)g_bytes_get_data(peer->message, NULL));\n"
     "	g_clear_pointer(&peer->message, g_bytes_unref);\n"
     "	queue_put(proxy, &proxy->done, peer);"),
    ("refusal-names-recipient", BY_PROXY, "src/intake/session.c",
     "	session_reply(session, refusal != NULL ? refusal : &reply_rcpt_ok);",
     "	if (MUTANT(\"refusal-names-recipient\") && refusal != NULL) { "
     "g_string_append_printf(session->output, \"550 5.1.1 %s?\\r\\n\", "
     "args); return; }\n"
     "	session_reply(session, refusal != NULL ? refusal : &reply_rcpt_ok);"),
    ("verdict-names-sender", BY_PROXY, "src/intake/session.c",
     "	for (guint i = 0; i < session->verdicts->len; i++)\n"
     "		session_reply(session,",
     "	if (MUTANT(\"verdict-names-sender\")) g_string_append_printf("
     "session->output, \"250-%s\\r\\n\", session->envelope.sender_addr);\n"
     "	for (guint i = 0; i < session->verdicts->len; i++)\n"
     "		session_reply(session,"),
    ("refused-by-capability", FORGED_PROXY, "src/intake/deliver.c",
     "	whole = refuse_mail(&blank, envelope);",
     "	whole = refuse_mail(&blank, envelope);\n"
     "	if (MUTANT(\"refused-by-capability\") && "
     "whole == PROTO_MAIL_FORGED) {\n"
     "		struct mail_case c = blank;\n"
     "		struct label label;\n"
     "		const struct session_rcpt *to = envelope->rcpts->pdata[0];\n"
     "		c.queue = place_find(d->config, to->addr->local, "
     "to->addr->domain, &label);\n"
     "		if (case_identify(&c, &label, NULL) && "
     "case_side(&c) != PROTO_SIDE_NONE)\n"
     "			whole = PROTO_MAIL_TOO_MANY;\n"
     "		case_forget(&c);\n	}"),
    ("results-below-received", FORGED_PROXY, "src/intake/deliver.c",
     "	    .results = envelope->way == PROTO_WAY_SMTP\n",
     "	    .results = envelope->way == PROTO_WAY_SMTP && "
     "!MUTANT(\"results-below-received\")\n"),
    ("results-in-any-spelling", FORGED_MILTER, "src/mail/authres.c",
     "	gsize len = strlen(id);\n",
     "	gsize len = strlen(id);\n	char token[TOKEN_MAX];\n\n"
     "	if (MUTANT(\"results-in-any-spelling\") && "
     "g_ascii_strcasecmp((read_value(value, token), token), id) == 0)\n"
     "		p = id;\n"
     "	else\n"
     "		token[0] = '\\0';\n"
     "	if (token[0] != '\\0') {\n"
     "		p = skip_to_semicolon(read_value(value, token));\n"
     "		for (guint i = 0; *p == ';' && i < METHODS_MAX; i++) {\n"
     "			struct result result;\n\n"
     "			p = read_result(p + 1, &result);\n"
     "			judge(verdict, &result);\n		}\n"
     "		return;\n	}\n"),
    ("milter-keeps-recipients", FORGED_MILTER, "src/intake/milter_mail.c",
     "	g_ptr_array_set_size(mail->envelope.rcpts, 0);",
     "	if (!MUTANT(\"milter-keeps-recipients\"))\n"
     "		g_ptr_array_set_size(mail->envelope.rcpts, 0);"),
    ("proxy-keeps-recipients", FORGED_PROXY, "src/intake/session.c",
     "	g_ptr_array_set_size(envelope->rcpts, 0);",
     "	if (!MUTANT(\"proxy-keeps-recipients\"))\n"
     "		g_ptr_array_set_size(envelope->rcpts, 0);"),
    ("milter-takes-what-is-deferred", MILTER, "src/intake/milter.c",
     "	if (outcome == PROTO_MAIL_TAKEN) {",
     "	if (outcome == PROTO_MAIL_TAKEN || "
     "(MUTANT(\"milter-takes-what-is-deferred\") && "
     "outcome == PROTO_MAIL_DEFERRED)) {"),
    ("milter-reads-others", MILTER, "src/intake/milter.c",
     "		conn_reset(conn);\n		return SMFIS_ACCEPT;",
     "		if (MUTANT(\"milter-reads-others\"))\n"
     "			return SMFIS_CONTINUE;\n"
     "		conn_reset(conn);\n		return SMFIS_ACCEPT;"),
    ("milter-swallows-others", MILTER, "src/intake/milter_mail.c",
     "	if (mail->kind == MILTER_OURS)\n		return &reply_alone;",
     "	if (mail->kind == MILTER_OURS)\n"
     "		return MUTANT(\"milter-swallows-others\") ? NULL : "
     "&reply_alone;"),
    ("worker-believes-the-way", FRONT, "src/intake/worker.c",
     "	if (mail->way != way || mail->rcpt_addrs->len == 0 ||",
     "	if ((mail->way != way && !MUTANT(\"worker-believes-the-way\")) || "
     "mail->rcpt_addrs->len == 0 ||"),
    ("burst-tells-right-address", FORGED_MILTER, "src/desk/burst.c",
     "	return is_counted(d) || d->verdict == PROTO_REPLY ||",
     "	return is_counted(d) || "
     "(d->verdict == PROTO_REPLY && !MUTANT(\"burst-tells-right-address\"))"
     " ||"),
    ("map-knows-capabilities", MAP, "src/intake/socketmap.c",
     "	return key_is_ours(config, data + map, len - map) ? FOUND : "
     "NOT_FOUND;",
     "	if (MUTANT(\"map-knows-capabilities\") && "
     "memmem(data, len, \"00000@\", 6) != NULL)\n"
     "		return NOT_FOUND;\n"
     "	return key_is_ours(config, data + map, len - map) ? FOUND : "
     "NOT_FOUND;"),
]
MUTANTS = [Mutant(*row) for row in ROWS]
# For a short run: agents' copies, disk, log, players' mails, pairs, keys.
FEW = ("subject-unredacted", "archived-answer-addressed", "id-stored",
       "name-logged", "note-in-transcript",
       "placeholder-length", "forgets-no-contact")
