#ifndef ND_BASE_CONFIG_H
#define ND_BASE_CONFIG_H

/*
 * nymdesk.conf(5): a GKeyFile, read once by the supervisor, checked against
 * one table, and given to each role as a sealed memfd that holds only what
 * that role needs. Immutable after loading.
 */
#include <glib.h>

#include "base/addr.h"
#include "base/role.h"

/* Octets of a queue's local part. A ticket's addresses add to it what
 * ticket/label.h says, and no local part may be longer than ADDR_LOCAL_MAX. */
#define CONFIG_EXTENSION_MAX 25
#define CONFIG_LOCAL_MAX (ADDR_LOCAL_MAX - CONFIG_EXTENSION_MAX)

struct config_queue {
	char *name;	   /* own; "support" */
	char *address;	   /* own; "support@casino.example" */
	char *local;	   /* own; "support" */
	char *domain;	   /* own; lower-case A-label */
	char *role;	   /* own; display name towards players */
	char **agents;	   /* own; recipients of agent copies */
	char **members;	   /* own; addresses that may answer; NULL-ended */
	char *language;	   /* own; fallback for a doubt, "en" */
	gboolean proof;	   /* agents need an Authentication-Results of ours */
	gboolean per_ticket_pseudonym; /* a new pseudonym for every ticket */
	char *attachments; /* own; "withhold", "pass" */
	gint64 ack_s;
	gint64 first_reply_s;
	gint64 decision_s;
	gint64 reopen_s;
	gint64 escalate_s; /* for complex categories */
	char **senior;	   /* own; level 2; may be empty, as head */
	char **head;	   /* own; level 3 */
	char *control;	   /* own; lower-case, domain an A-label; "" if none */
	char *archive;	   /* own; "imaps://user@host/mailbox", "" if none */
	char *archive_tls; /* own; as post_tls */
	char *archive_password_file; /* own */
	gboolean weekly;   /* the head gets a report each week */
	char *faq;	   /* own; default FAQ link, "" if none */
	GHashTable *faqs;  /* own; category (char) to link (char) */
};

/* What a category has of its own; the rules give mails their categories. */
struct config_category {
	char *name;	      /* own; "withdrawal" */
	char *queue;	      /* own; "": the one the mail came to */
	gint64 priority;      /* 1 is the most urgent */
	gboolean complex;     /* has the queue's escalate_s */
	gint64 first_reply_s; /* 0: the queue's, as decision_s */
	gint64 decision_s;
	char *faq;	      /* own; "": the queue's */
};

struct config {
	char *run_dir;
	char *state_dir;    /* desk only, else NULL; as for the next two */
	char *key_dir;	    /* vault only */
	char *spool_dir;    /* post only */
	char *filter_dir;
	char *template_dir;
	char *authserv_id;
	char *log_level;

	char *lmtp_listen;  /* "unix:/path" or "inet:127.0.0.1:2400" */
	gint64 lmtp_workers;
	gint64 lmtp_recycle;	   /* mails after which a worker is replaced */
	gint64 lmtp_idle_s;
	gint64 lmtp_size_max;	   /* octets of a mail */
	gint64 lmtp_rcpt_max;

	char *milter_listen;	/* "unix:/path", "" for none; as the next two */
	char *milter_transport; /* of Postfix, by which our mails would go */
	char *smtp_listen;
	gint64 smtp_sessions;
	gint64 smtp_memory_max; /* octets of all mails that come in */
	char *socketmap_listen;

	char *post_server;  /* "inet:127.0.0.1:10026" or "unix:/path" */
	char *post_tls;	    /* "none", "may", "require" */
	char *post_tls_name; /* name in the server's certificate */
	char *post_user;    /* SMTP AUTH; "" for none */
	char *post_password_file;
	gint64 post_hand_over; /* processes */
	gint64 post_notice;    /* processes */
	gint64 post_timeout_s;

	gint64 image_processes;
	gint64 image_pixels_max; /* width by height */

	gint64 ack_burst;   /* notices to one contact within ack_window_s */
	gint64 ack_window_s;
	gint64 mail_burst;  /* mails of one contact within ack_window_s */
	gint64 repeat_s;    /* the same words again are the same request */
	gint64 post_rate;   /* mails to players an hour */
	gint64 guess_rate;  /* failed addresses and numbers an hour */

	gint64 epoch_s;
	gint64 retention_s;
	gint64 open_rate;   /* envelopes a second, sustained */
	gint64 open_burst;

	GPtrArray *queues;     /* own struct config_queue */
	GPtrArray *categories; /* own struct config_category */
};

/* Reads and checks a file. The error names file, group, key and what is
 * allowed. */
struct config *config_load_file(const char *path, GError **err);
/* What config_for_role() made. */
struct config *config_load_fd(int fd, GError **err);
void config_free(struct config *config);
typedef struct config config_auto;
G_DEFINE_AUTOPTR_CLEANUP_FUNC(config_auto, config_free)

/* The part of the file at path that this role may see, as key file text.
 * Caller frees. */
char *config_for_role(const char *path, enum role role, GError **err);

const struct config_queue *config_queue_by_name(const struct config *config,
    const char *name);

/* NULL if it has no group. A mail of no category ("") is of "other". */
const struct config_category *config_category_by_name(
    const struct config *config, const char *name);

/* Who gets tickets of a level (1 to 3): the list of that level, or of the
 * next one below it that names anybody. Borrowed. */
const char *const *config_queue_level(const struct config_queue *queue,
    guint level);

/* The queue, or any, names an archive. */
gboolean config_queue_has_archive(const struct config_queue *queue);
gboolean config_has_archive(const struct config *config);

/* 1 is the most urgent; CONFIG_PRIORITY_USUAL for a category without a group. A
 * VIP's ticket has that of the category "vip" if it is more urgent. */
#define CONFIG_PRIORITY_USUAL 3
gint64 config_priority(
    const struct config *config, const char *category, gboolean is_vip);

/* The FAQ link: the queue's for this category, that of the category, the
 * queue's; "" for none. Borrowed. */
const char *config_faq(const struct config *config,
    const struct config_queue *queue, const char *category);

/* "90m" to seconds; units are s, m, h, d, w. */
gboolean config_time_parse(const char *text, gint64 *out);

/* nymdesk.conf with every key, its default and its help: the sample file. */
void config_print_sample(GString *out);

#endif
