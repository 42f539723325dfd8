#ifndef ND_PROTO_MESSAGES_H
#define ND_PROTO_MESSAGES_H

/*
 * Every message between roles, as plain values.
 *
 * One request, one answer. proto_encode() and proto_decode() (proto/codec.h)
 * turn them into frames of at most PROTO_FRAME_MAX octets. Fixed limits on
 * every text and list are part of the message tables in messages.c; a frame
 * that breaks one is not decoded. A decoded message owns its GBytes, GArrays
 * and texts: proto_clear().
 *
 * Bodies of mails travel beside the frame as one sealed memfd.
 */
#include <glib.h>

#include "ticket/label.h"
#include "ticket/number.h"

#define PROTO_FRAME_MAX 65536
#define PROTO_KEY_LEN 32	/* contact ids, fingerprints, digests */
#define PROTO_EPOCHS_MAX 64	/* live epochs at a time */
#define PROTO_CLAIMS_MAX 12
#define PROTO_CLUES_MAX 8 /* of a mail, under one epoch */
#define PROTO_NUMBERS 2		/* numbers the vault derives for a new ticket */
#define PROTO_ENVELOPE_MAX 1984 /* octets of a return envelope's content */
#define PROTO_JOBS_MAX 8
#define PROTO_RCPTS_MAX 64
#define PROTO_INTAKE_RCPTS_MAX 128 /* in one frame, each of ADDR_MAX octets */

enum proto_type {
	PROTO_ERROR = 1,	/* answer to anything that failed */

	PROTO_VAULT_IDENTIFY,	/* intake to vault */
	PROTO_VAULT_IDENTITY,
	PROTO_VAULT_OPEN,	/* post to vault */
	PROTO_VAULT_OPENED,
	PROTO_VAULT_LABEL,	/* post to vault: for a mail to agents */
	PROTO_VAULT_LABELLED,

	PROTO_DESK_ADMIT,	/* intake to desk: look, change nothing */
	PROTO_DESK_ADMITTED,
	PROTO_DESK_COMMIT,	/* intake to desk: take it */
	PROTO_DESK_COMMITTED,
	PROTO_DESK_TELL,	/* intake to desk: may this agent be told? */
	PROTO_DESK_TELL_ON,	/* he may; else the answer is ERROR_TEMP */
	PROTO_DESK_STEER,	/* intake to desk: do an agent's commands */
	PROTO_DESK_STEERED,
	PROTO_DESK_TAKE,	/* post to desk: begin an agent's answer */
	PROTO_DESK_WORK,	/* post to desk: settle jobs, ask for more */
	PROTO_DESK_JOBS,	/* answer to both */

	PROTO_POST_HAND_OVER,	/* intake to post */
	PROTO_POST_RESULT,

	PROTO_CTL_STATUS,	/* nymdesk to desk; LIST, SHOW and NUMBERS also
				 * intake, NUMBERS also post */
	PROTO_CTL_STATUS_IS,
	PROTO_CTL_LIST,
	PROTO_CTL_LIST_IS,
	PROTO_CTL_SHOW,
	PROTO_CTL_SHOW_IS,
	PROTO_CTL_FORGET,
	PROTO_CTL_FORGET_IS,
	PROTO_CTL_POST,
	PROTO_CTL_POST_IS,
	PROTO_CTL_VIP,
	PROTO_CTL_VIP_IS,
	PROTO_CTL_NUMBERS, /* of tickets, for a report */
	PROTO_CTL_NUMBERS_ARE,

	PROTO_IMAGE_CLEAN, /* intake to image: decode and encode anew */
	PROTO_IMAGE_CLEANED,

	PROTO_INTAKE_READY, /* front to intake: answered by a worker that now
			     * serves nobody else until the connection ends */
	PROTO_INTAKE_GO,
	PROTO_INTAKE_MAIL,  /* front to intake, a mail beside it: deliver it */
	PROTO_INTAKE_DONE,

	PROTO_TYPE_END
};

struct proto_key {
	guint8 b[PROTO_KEY_LEN];
};

/* For GHashTable. */
guint proto_key_hash(gconstpointer key);
gboolean proto_key_equal(gconstpointer a, gconstpointer b);

/* PROTO_ERROR: kind is an enum error_kind; text is made of our literals. */
struct proto_error {
	guint32 kind;
	char *text;
};

/* --- vault ---------------------------------------------------------- */

/* How a mail names a ticket, in falling order of weight. */
enum proto_via {
	PROTO_VIA_CAPABILITY = 1, /* recipient address; token unused */
	PROTO_VIA_MESSAGE_ID,	  /* In-Reply-To or References */
	PROTO_VIA_SUBJECT,	  /* number in the subject: no proof */
	PROTO_VIA_BOUNCE,	  /* recipient address that is an envelope sender
				   * of ours; number unset, the proof gives it */
	PROTO_VIA_SELF,		  /* the mail's own Message-ID: if it holds, the
				   * mail is one of ours */
};

/* A trait of a mail by which another one of the same contact may find its
 * ticket. Text in a request to the vault, keyed everywhere else. */
enum proto_clue_kind {
	PROTO_CLUE_ID = 1,    /* its own Message-ID; kept */
	PROTO_CLUE_THREAD,    /* root of its Thread-Index; kept */
	PROTO_CLUE_WORDS,     /* digest of its words; kept if it opens a ticket */
	PROTO_CLUE_REFERENCE, /* what it answers to, as PROTO_CLUE_ID of that */
};

struct proto_clue_text {
	guint32 kind; /* enum proto_clue_kind */
	char *text;
};

enum proto_side {
	PROTO_SIDE_NONE,
	PROTO_SIDE_PLAYER,
	PROTO_SIDE_AGENT,
};

struct proto_claim {
	guint32 via;
	struct number number;
	struct label_mac token;
	struct label_mac mac;
};

struct proto_vault_identify {
	char *queue;		/* name of the queue the mail was sent to */
	char *sender_addr;	/* addr_to_normal(), "" if the mail has none */
	struct proto_key digest; /* struct mail.digest */
	GBytes *envelope;	/* content to seal, empty for none */
	GArray *claims;		/* struct proto_claim */
	GArray *clues;		/* struct proto_clue_text */
};

/* Under one live epoch. */
struct proto_epoch_ids {
	gint64 epoch;
	struct proto_key contact;
	struct proto_key fingerprint; /* of the message */
};

struct proto_proof {
	guint32 is_valid; /* the keyed part holds under a live epoch */
	guint32 side;	  /* enum proto_side; for PROTO_VIA_CAPABILITY and
			   * _BOUNCE: whose mail this is */
	struct number number; /* PROTO_VIA_BOUNCE: of the mail that came back */
	guint32 job;	  /* PROTO_VIA_BOUNCE: its enum proto_job_kind, 0 if it
			   * is an agents' copy */
};

/* Under one live epoch. PROTO_CLUE_REFERENCE and PROTO_CLUE_ID of one text
 * are one key; other kinds have keys of their own. */
struct proto_clue {
	guint32 kind; /* enum proto_clue_kind */
	gint64 epoch;
	struct proto_key key;
};

struct proto_vault_identity {
	GArray *epochs; /* struct proto_epoch_ids, newest first, never empty */
	GArray *proofs; /* struct proto_proof, one for each claim, in order */
	GArray *labels; /* struct label_set: PROTO_NUMBERS derived ones, then
			 * one for each claim with a number, or whose proof
			 * gives one, in order */
	GArray *clues;	/* struct proto_clue, newest epoch first, in order */
	GBytes *sealed; /* under epochs[0] and its contact; empty for none */
};

struct proto_vault_open {
	char *queue;
	gint64 epoch;
	struct proto_key contact;
	struct proto_key job; /* the ids of the mail to send derive from it */
	guint32 kind;	      /* enum proto_job_kind */
	struct number number;
	GBytes *sealed;
};

struct proto_vault_opened {
	GBytes *envelope;
	struct label_set label; /* agent side is empty */
	char *receipt; /* a line for the notice, "" if there is none */
};

/* A mail of ours to agents: it names no player. */
struct proto_vault_label {
	char *queue;
	struct proto_key job; /* the ids of the mail derive from it */
	guint32 kind;	      /* enum proto_job_kind */
	struct number number;
};

struct proto_vault_labelled {
	struct label_set label; /* player side is empty */
};

/* Content of a return envelope: made by intake, read by post, opaque to the
 * desk. The vault reads what a receipt says. */
struct proto_envelope {
	char *player_addr; /* addr_to_wire() */
	char *subject;	   /* of the thread, without Re: and number */
	char *message_id;  /* of the player's last mail, "" if none */
	char *references;  /* space-separated ids with brackets */
	gint64 received;   /* s since 1970, when the gateway got that mail */
	struct proto_key digest; /* of it: mail/canonical.h; zeros: none */
};

/* --- intake --------------------------------------------------------- */

/* How a mail came in. By all but PROTO_WAY_LMTP its sender is on the line: he
 * can be refused, and there is one answer for all recipients. */
enum proto_way {
	PROTO_WAY_LMTP,
	PROTO_WAY_MILTER,
	PROTO_WAY_SMTP, /* no header was checked by Postfix before */
};

/* What becomes of a whole mail; intake/reply.h has the words. */
enum proto_mail_outcome {
	PROTO_MAIL_TAKEN = 1,      /* the MTA has the copy, the ticket is committed */
	PROTO_MAIL_DEFERRED,	      /* a fault of ours */
	PROTO_MAIL_TOO_MANY,	      /* mails of this sender; later ones may come */
	PROTO_MAIL_BAD_SHAPE,  /* too many headers or parts to be read */
	PROTO_MAIL_FORGED, /* an agent's address without a proof */
	PROTO_MAIL_OUTCOME_END
};

struct proto_intake_mail {
	guint32 way;	       /* enum proto_way, not PROTO_WAY_LMTP */
	char *sender_addr;     /* of the envelope, "" for the null one */
	GPtrArray *rcpt_addrs; /* own char: addr_to_wire(), at least one */
	guint32 is_smtputf8;
};

struct proto_intake_done {
	guint32 outcome; /* enum proto_mail_outcome: for all recipients */
};

/* --- desk ----------------------------------------------------------- */

enum proto_mail_flag { /* bits of flags */
	PROTO_FLAG_MACHINE = 1 << 0,	/* no person wrote it: no notice */
	PROTO_FLAG_UNPROVEN = 1 << 1,	/* shown forged: no notice */
	PROTO_FLAG_OTHER_ADDR = 1 << 2, /* by capability, other contact */
	PROTO_FLAG_MENTIONS = 1 << 3,	/* names a ticket it may not have */
	PROTO_FLAG_PLACEHOLDER = 1 << 4, /* body could not be read */
	PROTO_FLAG_NO_RETURN = 1 << 5,	/* no address to answer to */
	PROTO_FLAG_ENCRYPTED = 1 << 6,	/* held back: nobody here can read it */
	PROTO_FLAG_FORGET = 1 << 7,	/* the player asks to be forgotten */
	PROTO_FLAG_UNDELIVERABLE = 1 << 8, /* our mail to him came back */
	PROTO_FLAG_DELAYED = 1 << 9,	/* our mail to him is late */
	PROTO_FLAG_BURST = 1 << 10,	/* too many tickets at once: no notice */
	PROTO_FLAG_REPEAT = 1 << 11,	/* the words of the ticket's first mail
					 * once more */
	PROTO_FLAG_ESCALATE = 1 << 12,	/* the player wants the next level */
	PROTO_FLAG_TRANSCRIPT = 1 << 13, /* he asks for the whole thread */
	PROTO_FLAG_VIP = 1 << 14,	/* by "nymdesk vip" */
	PROTO_FLAG_RATED = 1 << 15,	/* he says how content he was */
};

/* What a report says of a mail of ours (RFC 3464 2.3.3). */
enum proto_report {
	PROTO_REPORT_NONE,    /* the mail is no report */
	PROTO_REPORT_FAILED,  /* it will not arrive */
	PROTO_REPORT_DELAYED, /* it may still arrive */
	PROTO_REPORT_OTHER,   /* delivered, read, complained about: noted */
};

struct proto_desk_admit {
	char *queue;
	char *lang;
	char *category;	 /* "" for none */
	guint32 side;	 /* enum proto_side */
	guint32 flags;
	gint64 received; /* s since 1970, when the gateway got it */
	GArray *epochs;	 /* struct proto_epoch_ids as the vault gave them */
	GArray *claims;	 /* struct proto_claim whose proof held, and
			  * PROTO_VIA_SUBJECT ones; macs empty */
	GArray *numbers; /* struct number: the PROTO_NUMBERS derived */
	GArray *clues;	 /* struct proto_clue as the vault gave them */
	guint32 report;	 /* enum proto_report */
	guint32 job;	 /* of a report: enum proto_job_kind of the mail it is
			  * about, 0 if that is an agents' copy */
	guint32 guesses; /* keyed claims of ours that did not hold */
	guint32 rating;	 /* by one of the addresses for it: 1 to 5, else 0 */
	guint32 is_on_line; /* its sender can be told PROTO_LATER */
};

enum proto_verdict {
	PROTO_NEW = 1,	 /* opens the ticket */
	PROTO_FOLLOW_UP, /* belongs to the ticket */
	PROTO_DUPLICATE, /* known message: answer 250, do nothing */
	PROTO_REPLY,	 /* agent's answer to the ticket */
	PROTO_BOUNCE,	 /* report on a mail of ours: noted, do nothing */
	PROTO_UNKNOWN,	 /* agent's side, but no such ticket */
	PROTO_LATER,	 /* too many mails of this contact: nothing else is set */
};

struct proto_desk_admitted {
	guint32 verdict;
	struct number number;
	struct number mentions; /* ticket it names without right, or unset */
	guint32 flags;		/* as asked, and what the desk found */
	guint32 ticket_flags;	/* all that the ticket has collected */
	guint32 level;
	gint64 opened;		/* s */
	gint64 due;		/* s; first reply, or decision after that */
	char *pseudonym;
	char *category;
	char *copy_id; /* token and mac of the Message-ID of the ticket's
			* newest agent copy, "" if none */
	char *queue;   /* which has the ticket now */
	char *lang;    /* of the ticket */
	char *agent;   /* whose it is (agent_name()), "" if nobody's */
};

struct proto_desk_commit {
	struct proto_desk_admit admit;
	guint32 verdict;	/* as admitted; else the answer is CONFLICT */
	struct number number;	/* as admitted */
	char *pseudonym;	/* as admitted */
	char *copy_id;		/* of the copy handed over */
	GBytes *sealed;		/* empty for none */
};

enum proto_verb { /* bits of verbs: what an agent wants done */
	PROTO_VERB_CLOSE = 1 << 0,
	PROTO_VERB_WAIT = 1 << 1,     /* for the player */
	PROTO_VERB_ESCALATE = 1 << 2,
	PROTO_VERB_TAKE = 1 << 3,
	PROTO_VERB_QUEUE = 1 << 4,
	PROTO_VERB_CATEGORY = 1 << 5,
	PROTO_VERB_LANG = 1 << 6,
	PROTO_VERB_FORGET = 1 << 7,   /* done last */
};

enum proto_close {
	PROTO_CLOSE_NONE,
	PROTO_CLOSE_SOLVED,
	PROTO_CLOSE_REFUSED,
	PROTO_CLOSE_DUPLICATE,
};

/* Commands of one agent's mail: all or none, and once, however often asked.
 * Never words of his. ERROR_PERM, with a literal that he may be shown: they
 * cannot be done, and nothing was. */
struct proto_desk_steer {
	GArray *epochs;	 /* struct proto_epoch_ids of the mail */
	struct number number;
	guint32 is_dry;	 /* TRUE: only judge whether they can be done */
	guint32 verbs;
	guint32 close;	 /* enum proto_close */
	struct number duplicate; /* of which this one is */
	char *queue;	 /* "" without its verb, as the next two */
	char *category;
	char *lang;
	char *agent;	 /* agent_name() of him */
};

struct proto_desk_steered {
	guint32 level; /* of the ticket after it */
	char *queue;
};

/* An agent's mail came to no ticket, and he should be told. Too many such words
 * to one sender, and his machine answers them. */
struct proto_desk_tell {
	struct proto_key contact; /* of the sender, under the newest epoch */
};

enum proto_job_kind {
	PROTO_JOB_ACK = 1, /* acknowledge a new ticket */
	PROTO_JOB_ANSWER,  /* an agent's answer in the hands of a post */
	PROTO_JOB_ENCRYPTED, /* his mail is encrypted: how to send it */
	PROTO_JOB_ESCALATED, /* his ticket has a new level and deadline */
	PROTO_JOB_CLOSED,    /* his ticket is closed: how content is he? */
	PROTO_JOB_TRANSCRIPT, /* the whole thread, for him */
	PROTO_JOB_STAGE,     /* to agents: a clock of a ticket runs out */
	PROTO_JOB_HANDED,    /* to agents: a ticket comes to them */
	PROTO_JOB_WEEKLY,    /* to the head of a queue; without a ticket */
	PROTO_JOB_END
};

enum proto_outcome {
	PROTO_SENT = 1,	 /* the MTA said 250 */
	PROTO_DEFERRED,	 /* try again later */
	PROTO_FAILED,	 /* the MTA said 5xx */
};

/* Name of a job: the fingerprint of the mail that caused it, and its kind. */
struct proto_job_name {
	struct proto_key key;
	guint32 kind;
};

struct proto_settle {
	struct proto_job_name job;
	guint32 outcome;
	char *status; /* RFC 3463 "5.1.1", "" if none */
};

struct proto_desk_take {
	guint32 slot;
	struct proto_job_name job; /* fingerprint under the newest epoch */
	struct number number;
	char *queue;
	char *agent;	  /* agent_name() of who wrote it */
	guint32 has_more; /* commands follow: the mail is not yet known when
			   * the answer has been sent */
};

struct proto_desk_work {
	guint32 slot;	/* whose claims; one process holds a slot at a time */
	guint32 resume; /* TRUE: list the jobs the slot holds, claim none */
	guint32 want;	/* jobs to claim at most */
	guint32 wait_ms; /* answer an empty list only after this time */
	guint32 kinds;	/* of jobs to claim: bits 1 << enum proto_job_kind */
	GArray *settled; /* struct proto_settle */
};

struct proto_job {
	struct proto_job_name name;
	struct number number;
	char *queue;
	char *lang;
	char *category;
	gint64 opened;	     /* s; receipt of the ticket's first mail */
	gint64 due;	     /* s; when this job must be done */
	gint64 forget;	     /* s; when the contact's keys die */
	guint32 attempts;
	gint64 epoch;	     /* of contact and sealed */
	struct proto_key contact;
	GBytes *sealed;	     /* empty for a mail to agents */
	gint64 first_reply_due; /* s, as the next two; 0 if none */
	gint64 decision_due;
	gint64 clock_due;    /* of clock */
	guint32 clock;	     /* enum sla_kind; of PROTO_JOB_STAGE */
	guint32 stage;	     /* 50, 80, 100 */
	guint32 reasons;     /* enum sla_reason; of _HANDED and _ESCALATED; 0:
			      * by /queue */
	guint32 level;	     /* of the ticket when the job was made */
	guint32 close;	     /* enum proto_close */
	guint32 flags;	     /* of the ticket */
	char *pseudonym;
	char *agent;	     /* whose the ticket is, or "" */
	char *copy_id;	     /* as in proto_desk_admitted */
};

struct proto_desk_jobs {
	GArray *jobs; /* struct proto_job */
};

/* --- post ----------------------------------------------------------- */

enum proto_hand_over_kind {
	PROTO_MAIL_WHOLE = 1, /* the memfd is a whole mail: send as it is */
	PROTO_MAIL_ANSWER,    /* the memfd is an answer's text, UTF-8 */
};

struct proto_post_hand_over {
	guint32 kind;
	/* PROTO_MAIL_WHOLE */
	char *sender_addr;  /* envelope sender, "" for the null one */
	GPtrArray *rcpt_addrs; /* char */
	/* PROTO_MAIL_ANSWER */
	struct proto_job_name job;
	struct number number;
	char *agent;	  /* as in proto_desk_take */
	guint32 has_more;
	/* Both */
	char *queue; /* its archive keeps the mail; "" of a whole mail: none
		      * does */
};

struct proto_result {
	guint32 code; /* SMTP reply code, 0 if none came */
	char *status; /* RFC 3463, "" if none */
};

struct proto_post_result {
	GArray *results; /* struct proto_result, one for each recipient */
};

/* --- command line --------------------------------------------------- */

struct proto_ctl_status_is {
	gint64 tickets_open;
	gint64 tickets_closed;
	gint64 promises_open;
	gint64 promises_late; /* past due */
	gint64 promises_soon; /* alarmed: due soon */
	gint64 promises_failed;
	gint64 oldest_due;    /* s, 0 if none */
	guint32 post_hold;    /* enum proto_hold */
	gint64 post_since;    /* s; of the hold, 0 if there is none */
	gint64 post_sent;     /* mails to players in this hour */
	gint64 guesses;	      /* failed addresses and numbers in this hour */
};

enum proto_hold { /* why no mail to players leaves */
	PROTO_HOLD_NONE,
	PROTO_HOLD_OPERATOR,
	PROTO_HOLD_BREAKER, /* more than post_rate in an hour */
};

struct proto_ctl_post {
	guint32 hold; /* PROTO_HOLD_OPERATOR or PROTO_HOLD_NONE: release */
};

struct proto_ctl_post_is {
	guint32 was; /* enum proto_hold before */
	gint64 waiting; /* promises that wait for the post */
};

struct proto_ctl_list {
	struct number after; /* page: tickets behind this one */
	guint32 limit;
	char *queue;	     /* "" for all */
	guint32 is_open;     /* TRUE: open ones only */
};

struct proto_ctl_ticket {
	struct number number;
	char *queue;
	char *state;
	char *lang;
	char *category;
	char *pseudonym;
	guint32 level;
	guint32 flags;
	guint32 messages;
	gint64 opened;
	gint64 first_reply_due;
	gint64 decision_due;
	gint64 first_reply_s; /* the whole time until it is due, without the */
	gint64 decision_s;    /* pauses; 0 if there is no clock */
	gint64 acknowledged; /* s, 0 if not yet */
	gint64 answered;     /* s, 0 if not yet */
	gint64 closed;	     /* s, 0 if open */
	gint64 waiting;	     /* s: since when for the player; 0 */
	guint32 rating;	     /* 1 to 5, 0 if not said */
	char *agent;	     /* whose it is, or "" */
};

struct proto_ctl_list_is {
	GArray *tickets; /* struct proto_ctl_ticket */
};

struct proto_ctl_show {
	struct number number;
};

struct proto_ctl_show_is {
	guint32 is_found;
	struct proto_ctl_ticket ticket;
};

/* Forget the player of this ticket: contact and envelopes of all of his
 * tickets go; what is counted stays. */
struct proto_ctl_forget {
	struct number number;
};

struct proto_ctl_forget_is {
	guint32 is_found;
	guint32 is_known; /* there was somebody to forget */
	guint32 tickets;  /* whose way back is gone now */
};

/* The player of this name belongs to this agent from now on. */
struct proto_ctl_vip {
	char *pseudonym;
	char *agent; /* agent_name(); "": he is one as any other again */
};

struct proto_ctl_vip_is {
	guint32 is_found;
	guint32 tickets; /* open ones of his */
};

struct proto_ctl_numbers {
	struct number after; /* page: tickets behind this one */
	guint32 limit;
};

/* struct kpi_ticket and what it is found by. */
struct proto_ctl_kpi {
	struct number number;
	char *queue;
	char *category;
	char *lang;
	char *agent;
	guint32 level;	/* at which it was closed, or else is */
	gint64 opened;
	gint64 ack_done;
	gint64 ack_due;
	gint64 first_reply_done;
	gint64 first_reply_due;
	gint64 decision_done;
	gint64 decision_due;
	gint64 closed;
	guint32 is_returned; /* reopened within 48 h of a closing */
	guint32 rating;
};

struct proto_ctl_numbers_are {
	GArray *tickets; /* struct proto_ctl_kpi; empty: there are no more */
};

/* --- images --------------------------------------------------------- */

/* PROTO_IMAGE_CLEAN has no members; the image travels beside it. The answer
 * has the new image beside it, made of pixels alone. ERROR_PERM: not an image
 * that can be decoded within the limits. */
struct proto_image_cleaned {
	char *type; /* "image/jpeg" or "image/png" */
	guint32 width;
	guint32 height;
};

#endif
