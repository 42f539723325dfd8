#include "base/config_rows.h"

#include "base/banned.h"

#define DAY 86400
#define TO_ALL 0xffffffffu
#define TO_INTAKE TO(ROLE_LMTP)
#define TO_FRONTS (TO(ROLE_MILTER) | TO(ROLE_SMTP))
#define TO_MILTER TO(ROLE_MILTER)
#define TO_SMTP TO(ROLE_SMTP)
#define TO_SOCKETMAP TO(ROLE_SOCKETMAP)
#define TO_POST TO(ROLE_POST)
#define TO_DESK TO(ROLE_DESK)
#define TO_VAULT TO(ROLE_VAULT)
#define TO_IMAGE TO(ROLE_IMAGE)
#define C(m) G_STRUCT_OFFSET(struct config, m)
#define Q(m) G_STRUCT_OFFSET(struct config_queue, m)
#define K(m) G_STRUCT_OFFSET(struct config_category, m)

const struct config_row config_rows[] = {
    {"nymdesk", "run_dir", VALUE_TEXT, C(run_dir), ND_RUNDIR, 0, 0, TO_ALL,
	"Directory of the sockets between roles."},
    {"nymdesk", "state_dir", VALUE_TEXT, C(state_dir), ND_STATEDIR, 0, 0,
	TO_DESK, "Directory of the desk's database."},
    {"nymdesk", "key_dir", VALUE_TEXT, C(key_dir), ND_STATEDIR "-vault", 0, 0,
	TO_VAULT,
	"Directory of the epoch keys. Never back it up beside state_dir."},
    {"nymdesk", "spool_dir", VALUE_TEXT, C(spool_dir), ND_SPOOLDIR, 0, 0,
	TO_POST,
	"Directory of mails on their way to an archive; needed only with one."},
    {"nymdesk", "filters", VALUE_TEXT, C(filter_dir), ND_DATADIR "/filters", 0,
	0, TO_INTAKE, "Directory of the rule files, nymdesk-rules(5)."},
    {"nymdesk", "templates", VALUE_TEXT, C(template_dir),
	ND_DATADIR "/templates", 0, 0, TO_INTAKE | TO_POST,
	"Directory of the notices, nymdesk-templates(5)."},
    {"nymdesk", "authserv_id", VALUE_TEXT, C(authserv_id), "", 0, 0,
	TO_INTAKE,
	"Our name in Authentication-Results headers (RFC 8601); no other is "
	"believed."},
    {"nymdesk", "log_level", VALUE_CHOICE, C(log_level), "info", 0, 0, TO_ALL,
	"error|warn|info|debug: what is written to standard error."},

    {"lmtp", "listen", VALUE_TEXT, C(lmtp_listen),
	"unix:" ND_RUNDIR "/lmtp", 0, 0, TO_INTAKE,
	"Where Postfix delivers: unix:PATH or inet:ADDRESS:PORT (loopback)."},
    {"lmtp", "workers", VALUE_NUMBER, C(lmtp_workers), "20", 1, 256,
	TO_INTAKE | TO_SMTP,
	"Processes; each holds one session, so not fewer than Postfix's "
	"concurrency."},
    {"lmtp", "recycle", VALUE_NUMBER, C(lmtp_recycle), "1000", 1, 1000000,
	TO_INTAKE, "Mails after which a worker is replaced."},
    {"lmtp", "idle", VALUE_TIME, C(lmtp_idle_s), "5m", 1, 3600,
	TO_INTAKE | TO_SMTP,
	"A session that says nothing for so long is closed."},
    {"lmtp", "size_max", VALUE_NUMBER, C(lmtp_size_max), "26214400", 65536,
	1073741824, TO_INTAKE | TO_FRONTS, "Octets of a mail."},
    {"lmtp", "recipients_max", VALUE_NUMBER, C(lmtp_rcpt_max), "64", 1, 1000,
	TO_INTAKE | TO_FRONTS, "Recipients in one transaction."},

    {"milter", "listen", VALUE_TEXT, C(milter_listen), "", 0, 0, TO_MILTER,
	"Where Postfix asks the milter: unix:PATH; empty for no milter."},
    {"milter", "transport", VALUE_TEXT, C(milter_transport), "nymdesk", 0, 0,
	TO_MILTER,
	"Postfix's transport to us: a recipient that it would take, and that "
	"is no address of ours, is refused."},

    {"smtp", "listen", VALUE_TEXT, C(smtp_listen), "", 0, 0, TO_SMTP,
	"Where Postfix's smtpd_proxy_filter sends to: unix:PATH or "
	"inet:ADDRESS:PORT (loopback); empty for no proxy."},
    {"smtp", "sessions", VALUE_NUMBER, C(smtp_sessions), "200", 1, 10000,
	TO_SMTP, "Sessions at a time; further ones wait."},
    {"smtp", "memory_max", VALUE_NUMBER, C(smtp_memory_max), "268435456",
	1048576, 68719476736, TO_SMTP,
	"Octets of all mails that are coming in; beyond, senders are told to "
	"come again."},

    {"socketmap", "listen", VALUE_TEXT, C(socketmap_listen), "", 0, 0,
	TO_SOCKETMAP,
	"Where Postfix asks which addresses exist: unix:PATH or "
	"inet:ADDRESS:PORT (loopback); empty for nowhere."},

    {"post", "server", VALUE_TEXT, C(post_server), "inet:127.0.0.1:10026", 0,
	0, TO_POST, "Postfix: inet:ADDRESS:PORT or unix:PATH."},
    {"post", "tls", VALUE_CHOICE, C(post_tls), "none", 0, 0, TO_POST,
	"none|may|require: STARTTLS towards Postfix."},
    {"post", "tls_name", VALUE_TEXT, C(post_tls_name), "", 0, 0, TO_POST,
	"Name in the server's certificate, for tls=require."},
    {"post", "user", VALUE_TEXT, C(post_user), "", 0, 0, TO_POST,
	"SMTP AUTH user; empty for none."},
    {"post", "password_file", VALUE_TEXT, C(post_password_file), "", 0, 0,
	TO_POST, "File that holds the password, readable by nymdesk-post."},
    {"post", "hand_over", VALUE_NUMBER, C(post_hand_over), "4", 1, 64,
	TO_POST | TO_DESK, "Processes that hand mails over."},
    {"post", "notice", VALUE_NUMBER, C(post_notice), "4", 1, 64,
	TO_POST | TO_DESK, "Processes that send notices."},
    {"post", "timeout", VALUE_TIME, C(post_timeout_s), "60s", 1, 600,
	TO_POST | TO_INTAKE, "How long Postfix may take for one answer."},

    {"image", "processes", VALUE_NUMBER, C(image_processes), "2", 1, 64,
	TO_IMAGE, "Processes that encode images anew, one at a time each."},
    {"image", "pixels_max", VALUE_NUMBER, C(image_pixels_max), "40000000",
	65536, 100000000, TO_IMAGE,
	"Width by height of an image; a larger one is withheld."},

    {"limits", "ack_burst", VALUE_NUMBER, C(ack_burst), "5", 1, 100000, TO_DESK,
	"Tickets that one player may open within ack_window; those beyond are "
	"not acknowledged."},
    {"limits", "ack_window", VALUE_TIME, C(ack_window_s), "1h", 1, 30 * DAY,
	TO_DESK, "See ack_burst."},
    {"limits", "mail_burst", VALUE_NUMBER, C(mail_burst), "60", 1, 100000,
	TO_DESK,
	"Mails of one player within ack_window; beyond, a sender who is still "
	"on the line is told to come again later."},
    {"limits", "repeat", VALUE_TIME, C(repeat_s), "1d", 0, 30 * DAY, TO_DESK,
	"The same words of the same player within this time are the same "
	"request; 0 for never."},
    {"limits", "post_rate", VALUE_NUMBER, C(post_rate), "1000", 1, 10000000,
	TO_DESK,
	"Mails to players an hour; then the post is held until it is "
	"released."},
    {"limits", "guess_rate", VALUE_NUMBER, C(guess_rate), "100", 1, 1000000,
	TO_DESK,
	"Addresses and numbers of ours an hour that do not hold; then there is "
	"an alarm."},

    {"vault", "epoch", VALUE_TIME, C(epoch_s), "7d", 60, 365 * DAY,
	TO_VAULT | TO_DESK, "Life of one set of keys."},
    {"vault", "retention", VALUE_TIME, C(retention_s), "35d", 0, 3650L * DAY,
	TO_VAULT | TO_DESK,
	"How long keys are kept after their epoch; then nobody can open a "
	"return address."},
    {"vault", "open_rate", VALUE_NUMBER, C(open_rate), "50", 1, 100000,
	TO_VAULT, "Return addresses opened a second, sustained."},
    {"vault", "open_burst", VALUE_NUMBER, C(open_burst), "5000", 1, 1000000,
	TO_VAULT, "Return addresses opened at once."},

    {"queue", "address", VALUE_TEXT, Q(address), NULL, 0, 0, TO_ALL,
	"Where players write."},
    {"queue", "role", VALUE_TEXT, Q(role), NULL, 0, 0, TO_INTAKE | TO_POST,
	"Name shown to players, \"Casino Support\"."},
    {"queue", "agents", VALUE_LIST, Q(agents), NULL, 1, 64,
	TO_INTAKE | TO_POST,
	"Who gets the agent copies; separated by \";\"."},
    {"queue", "members", VALUE_LIST, Q(members), "", 0, 1000, TO_INTAKE,
	"Addresses that may answer; agents, senior and head if empty."},
    {"queue", "senior", VALUE_LIST, Q(senior), "", 0, 64, TO_INTAKE | TO_POST,
	"Who gets tickets of level 2; those of level 1 if empty."},
    {"queue", "head", VALUE_LIST, Q(head), "", 0, 64, TO_INTAKE | TO_POST,
	"Who gets tickets of level 3; those of level 2 if empty."},
    {"queue", "control", VALUE_TEXT, Q(control), "", 0, 0,
	TO_INTAKE | TO_FRONTS | TO_SOCKETMAP,
	"Where members ask by mail for lists and numbers; empty for nowhere."},
    {"queue", "language", VALUE_TEXT, Q(language), "en", 0, 0,
	TO_INTAKE | TO_POST, "Language when that of a mail is in doubt."},
    {"queue", "proof", VALUE_BOOL, Q(proof), "true", 0, 0, TO_INTAKE,
	"Agents' mails need a pass in our Authentication-Results."},
    {"queue", "pseudonym_per_ticket", VALUE_BOOL, Q(per_ticket_pseudonym),
	"false", 0, 0, TO_DESK, "A new pseudonym for every ticket."},
    {"queue", "attachments", VALUE_CHOICE, Q(attachments), "withhold", 0, 0,
	TO_INTAKE,
	"withhold|pass: what agents get of files that are neither text nor "
	"image."},
    {"queue", "ack", VALUE_TIME, Q(ack_s), "1h", 1, 365 * DAY, TO_DESK,
	"Promise: acknowledgement."},
    {"queue", "first_reply", VALUE_TIME, Q(first_reply_s), "2h", 1, 365 * DAY,
	TO_DESK | TO_POST, "Promise: first reply by a person."},
    {"queue", "decision", VALUE_TIME, Q(decision_s), "24h", 1, 365 * DAY,
	TO_DESK | TO_POST, "Promise: decision."},
    {"queue", "reopen", VALUE_TIME, Q(reopen_s), "14d", 0, 3650L * DAY,
	TO_DESK | TO_POST, "A closed ticket reopens within this time."},
    {"queue", "escalate", VALUE_TIME, Q(escalate_s), "1h", 1, 365 * DAY,
	TO_DESK,
	"A ticket of a complex category that no person took up by then goes "
	"a level up."},
    {"queue", "archive", VALUE_TEXT, Q(archive), "", 0, 0, TO_POST,
	"Mailbox for all mails of the queue: imap[s]://USER@HOST[:PORT]/MAILBOX, "
	"without a password; empty for none."},
    {"queue", "archive_tls", VALUE_CHOICE, Q(archive_tls), "require", 0, 0,
	TO_POST, "none|may|require: STARTTLS towards an imap:// archive."},
    {"queue", "archive_password_file", VALUE_TEXT, Q(archive_password_file),
	"", 0, 0, TO_POST,
	"File that holds the archive's password, readable by nymdesk-post."},
    {"queue", "weekly", VALUE_BOOL, Q(weekly), "true", 0, 0, TO_DESK,
	"Once a week the head, if there is one, gets a report."},
    {"queue", "faq", VALUE_TEXT, Q(faq), "", 0, 0, TO_POST,
	"FAQ link; faq.CATEGORY=LINK for one category."},

    {"category", "queue", VALUE_TEXT, K(queue), "", 0, 0, TO_INTAKE | TO_DESK,
	"Queue for new tickets of this category; empty for where they came "
	"in."},
    {"category", "priority", VALUE_NUMBER, K(priority), "3", 1, 5, TO_INTAKE,
	"1 is the most urgent: it comes first in a list."},
    {"category", "complex", VALUE_BOOL, K(complex), "false", 0, 0, TO_DESK,
	"The queue's escalate holds for its tickets."},
    {"category", "first_reply", VALUE_TIME, K(first_reply_s), "0s", 0,
	365 * DAY, TO_DESK | TO_POST,
	"Promise: first reply by a person; 0s for that of the queue."},
    {"category", "decision", VALUE_TIME, K(decision_s), "0s", 0, 365 * DAY,
	TO_DESK | TO_POST, "Promise: decision; 0s for that of the queue."},
    {"category", "faq", VALUE_TEXT, K(faq), "", 0, 0, TO_POST,
	"FAQ link; empty for that of the queue."},
};

const gsize config_rows_len = G_N_ELEMENTS(config_rows);
