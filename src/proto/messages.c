#include "proto/messages.h"

#include <string.h>

#include "base/addr.h"
#include "proto/tables.h"

#include "base/banned.h"

#define TOKEN_MAX 64   /* names of queues, languages, categories, states */
#define MSGID_MAX 320
#define SEALED_MAX 4096
#define ERROR_TEXT_MAX 512
#define CLUE_TEXT_MAX 1200 /* a Message-ID */
#define RECEIPT_TEXT_MAX 200

#define F(k, s, m, x, t)                                                       \
	{                                                                      \
		.kind = (k), .offset = G_STRUCT_OFFSET(struct s, m),           \
		.max = (x), .sub = (t)                                         \
	}
#define U32(s, m, max) F(FIELD_U32, s, m, max, NULL)
#define I64(s, m) F(FIELD_I64, s, m, 0, NULL)
#define TEXT(s, m, max) F(FIELD_TEXT, s, m, max, NULL)
#define NUMBER(s, m) F(FIELD_NUMBER, s, m, 0, NULL)
#define MAC(s, m) F(FIELD_MAC, s, m, 0, NULL)
#define KEY(s, m) F(FIELD_KEY, s, m, 0, NULL)
#define BYTES(s, m, max) F(FIELD_BYTES, s, m, max, NULL)
#define SUB(s, m, t) F(FIELD_STRUCT, s, m, 0, &t##_shape)
#define LIST(s, m, t, max) F(FIELD_LIST, s, m, max, &t##_shape)
#define TEXTS(s, m, max) F(FIELD_TEXTS, s, m, max, NULL)

#define TABLE(s, ...)                                                          \
	static const struct field s##_fields[] = {__VA_ARGS__, {0}};           \
	static const struct table s##_shape = {sizeof(struct s), s##_fields}

/* Plain parts. */
TABLE(number, {.kind = FIELD_NUMBER});
TABLE(label_set, NUMBER(label_set, number), MAC(label_set, agent),
    MAC(label_set, player), MAC(label_set, message),
    MAC(label_set, message_mac), MAC(label_set, bounce),
    MAC(label_set, bounce_mac));

TABLE(proto_error, U32(proto_error, kind, 3),
    TEXT(proto_error, text, ERROR_TEXT_MAX));

/* Vault. */
TABLE(proto_claim, U32(proto_claim, via, PROTO_VIA_SELF),
    NUMBER(proto_claim, number), MAC(proto_claim, token),
    MAC(proto_claim, mac));
TABLE(proto_clue_text, U32(proto_clue_text, kind, PROTO_CLUE_REFERENCE),
    TEXT(proto_clue_text, text, CLUE_TEXT_MAX));
TABLE(proto_vault_identify, TEXT(proto_vault_identify, queue, TOKEN_MAX),
    TEXT(proto_vault_identify, sender_addr, ADDR_MAX * 2),
    KEY(proto_vault_identify, digest),
    BYTES(proto_vault_identify, envelope, PROTO_ENVELOPE_MAX),
    LIST(proto_vault_identify, claims, proto_claim, PROTO_CLAIMS_MAX),
    LIST(proto_vault_identify, clues, proto_clue_text, PROTO_CLUES_MAX));
TABLE(proto_epoch_ids, I64(proto_epoch_ids, epoch),
    KEY(proto_epoch_ids, contact), KEY(proto_epoch_ids, fingerprint));
TABLE(proto_proof, U32(proto_proof, is_valid, 1),
    U32(proto_proof, side, PROTO_SIDE_AGENT), NUMBER(proto_proof, number),
    U32(proto_proof, job, PROTO_JOB_END - 1));
TABLE(proto_clue, U32(proto_clue, kind, PROTO_CLUE_REFERENCE),
    I64(proto_clue, epoch), KEY(proto_clue, key));
TABLE(proto_vault_identity,
    LIST(proto_vault_identity, epochs, proto_epoch_ids, PROTO_EPOCHS_MAX),
    LIST(proto_vault_identity, proofs, proto_proof, PROTO_CLAIMS_MAX),
    LIST(proto_vault_identity, labels, label_set,
	PROTO_NUMBERS + PROTO_CLAIMS_MAX),
    BYTES(proto_vault_identity, sealed, SEALED_MAX),
    LIST(proto_vault_identity, clues, proto_clue,
	PROTO_CLUES_MAX * PROTO_EPOCHS_MAX));
TABLE(proto_vault_open, TEXT(proto_vault_open, queue, TOKEN_MAX),
    I64(proto_vault_open, epoch), KEY(proto_vault_open, contact),
    KEY(proto_vault_open, job),
    U32(proto_vault_open, kind, PROTO_JOB_END - 1),
    NUMBER(proto_vault_open, number),
    BYTES(proto_vault_open, sealed, SEALED_MAX));
TABLE(proto_vault_opened,
    BYTES(proto_vault_opened, envelope, PROTO_ENVELOPE_MAX),
    SUB(proto_vault_opened, label, label_set),
    TEXT(proto_vault_opened, receipt, RECEIPT_TEXT_MAX));
TABLE(proto_vault_label, TEXT(proto_vault_label, queue, TOKEN_MAX),
    KEY(proto_vault_label, job),
    U32(proto_vault_label, kind, PROTO_JOB_END - 1),
    NUMBER(proto_vault_label, number));
TABLE(proto_vault_labelled, SUB(proto_vault_labelled, label, label_set));
#define ENVELOPE_TEXTS                                                         \
	TEXT(proto_envelope, player_addr, ADDR_MAX),                           \
	    TEXT(proto_envelope, subject, 512),                                \
	    TEXT(proto_envelope, message_id, 256),                             \
	    TEXT(proto_envelope, references, 800)
TABLE(proto_envelope, ENVELOPE_TEXTS, I64(proto_envelope, received),
    KEY(proto_envelope, digest));
/* As it was before receipts, of the same struct. */
static const struct field envelope_texts_fields[] = {ENVELOPE_TEXTS, {0}};
static const struct table envelope_texts_shape = {
    sizeof(struct proto_envelope), envelope_texts_fields};

/* Desk. */
TABLE(proto_desk_admit, TEXT(proto_desk_admit, queue, TOKEN_MAX),
    TEXT(proto_desk_admit, lang, TOKEN_MAX),
    TEXT(proto_desk_admit, category, TOKEN_MAX),
    U32(proto_desk_admit, side, PROTO_SIDE_AGENT),
    U32(proto_desk_admit, flags, 0xffff), I64(proto_desk_admit, received),
    LIST(proto_desk_admit, epochs, proto_epoch_ids, PROTO_EPOCHS_MAX),
    LIST(proto_desk_admit, claims, proto_claim, PROTO_CLAIMS_MAX),
    LIST(proto_desk_admit, numbers, number, PROTO_NUMBERS),
    LIST(proto_desk_admit, clues, proto_clue,
	PROTO_CLUES_MAX * PROTO_EPOCHS_MAX),
    U32(proto_desk_admit, report, PROTO_REPORT_OTHER),
    U32(proto_desk_admit, job, PROTO_JOB_END - 1),
    U32(proto_desk_admit, guesses, PROTO_CLAIMS_MAX),
    U32(proto_desk_admit, rating, 5), U32(proto_desk_admit, is_on_line, 1));
TABLE(proto_desk_admitted,
    U32(proto_desk_admitted, verdict, PROTO_LATER),
    NUMBER(proto_desk_admitted, number),
    NUMBER(proto_desk_admitted, mentions),
    U32(proto_desk_admitted, flags, 0xffff),
    U32(proto_desk_admitted, ticket_flags, 0xffff),
    U32(proto_desk_admitted, level, 99), I64(proto_desk_admitted, opened),
    I64(proto_desk_admitted, due),
    TEXT(proto_desk_admitted, pseudonym, TOKEN_MAX),
    TEXT(proto_desk_admitted, category, TOKEN_MAX),
    TEXT(proto_desk_admitted, copy_id, MSGID_MAX),
    TEXT(proto_desk_admitted, queue, TOKEN_MAX),
    TEXT(proto_desk_admitted, lang, TOKEN_MAX),
    TEXT(proto_desk_admitted, agent, TOKEN_MAX));
TABLE(proto_desk_commit, SUB(proto_desk_commit, admit, proto_desk_admit),
    U32(proto_desk_commit, verdict, PROTO_UNKNOWN),
    NUMBER(proto_desk_commit, number),
    TEXT(proto_desk_commit, pseudonym, TOKEN_MAX),
    TEXT(proto_desk_commit, copy_id, MSGID_MAX),
    BYTES(proto_desk_commit, sealed, SEALED_MAX));
TABLE(proto_desk_tell, KEY(proto_desk_tell, contact));
TABLE(proto_desk_steer,
    LIST(proto_desk_steer, epochs, proto_epoch_ids, PROTO_EPOCHS_MAX),
    NUMBER(proto_desk_steer, number), U32(proto_desk_steer, is_dry, 1),
    U32(proto_desk_steer, verbs, 0xff),
    U32(proto_desk_steer, close, PROTO_CLOSE_DUPLICATE),
    NUMBER(proto_desk_steer, duplicate),
    TEXT(proto_desk_steer, queue, TOKEN_MAX),
    TEXT(proto_desk_steer, category, TOKEN_MAX),
    TEXT(proto_desk_steer, lang, TOKEN_MAX),
    TEXT(proto_desk_steer, agent, TOKEN_MAX));
TABLE(proto_desk_steered, U32(proto_desk_steered, level, 99),
    TEXT(proto_desk_steered, queue, TOKEN_MAX));
TABLE(proto_job_name, KEY(proto_job_name, key),
    U32(proto_job_name, kind, PROTO_JOB_END - 1));
TABLE(proto_settle, SUB(proto_settle, job, proto_job_name),
    U32(proto_settle, outcome, PROTO_FAILED),
    TEXT(proto_settle, status, 16));
TABLE(proto_desk_take, U32(proto_desk_take, slot, 4096),
    SUB(proto_desk_take, job, proto_job_name),
    NUMBER(proto_desk_take, number),
    TEXT(proto_desk_take, queue, TOKEN_MAX),
    TEXT(proto_desk_take, agent, TOKEN_MAX),
    U32(proto_desk_take, has_more, 1));
TABLE(proto_desk_work, U32(proto_desk_work, slot, 4096),
    U32(proto_desk_work, resume, 1),
    U32(proto_desk_work, want, PROTO_JOBS_MAX),
    U32(proto_desk_work, wait_ms, 600000),
    U32(proto_desk_work, kinds, 0xffff),
    LIST(proto_desk_work, settled, proto_settle, PROTO_JOBS_MAX));
TABLE(proto_job, SUB(proto_job, name, proto_job_name),
    NUMBER(proto_job, number), TEXT(proto_job, queue, TOKEN_MAX),
    TEXT(proto_job, lang, TOKEN_MAX), TEXT(proto_job, category, TOKEN_MAX),
    I64(proto_job, opened), I64(proto_job, due), I64(proto_job, forget),
    U32(proto_job, attempts, G_MAXUINT32), I64(proto_job, epoch),
    KEY(proto_job, contact), BYTES(proto_job, sealed, SEALED_MAX),
    I64(proto_job, first_reply_due), I64(proto_job, decision_due),
    I64(proto_job, clock_due), U32(proto_job, clock, 4),
    U32(proto_job, stage, 100), U32(proto_job, reasons, 7),
    U32(proto_job, level, 99), U32(proto_job, close, PROTO_CLOSE_DUPLICATE),
    U32(proto_job, flags, 0xffff), TEXT(proto_job, pseudonym, TOKEN_MAX),
    TEXT(proto_job, agent, TOKEN_MAX), TEXT(proto_job, copy_id, MSGID_MAX));
TABLE(proto_desk_jobs,
    LIST(proto_desk_jobs, jobs, proto_job, PROTO_JOBS_MAX));

/* Post. */
TABLE(proto_post_hand_over,
    U32(proto_post_hand_over, kind, PROTO_MAIL_ANSWER),
    TEXT(proto_post_hand_over, sender_addr, ADDR_MAX),
    TEXTS(proto_post_hand_over, rcpt_addrs, PROTO_RCPTS_MAX),
    SUB(proto_post_hand_over, job, proto_job_name),
    NUMBER(proto_post_hand_over, number),
    TEXT(proto_post_hand_over, agent, TOKEN_MAX),
    U32(proto_post_hand_over, has_more, 1),
    TEXT(proto_post_hand_over, queue, TOKEN_MAX));
TABLE(proto_result, U32(proto_result, code, 599),
    TEXT(proto_result, status, 16));
TABLE(proto_post_result,
    LIST(proto_post_result, results, proto_result, PROTO_RCPTS_MAX));

/* Command line. */
TABLE(proto_ctl_status_is, I64(proto_ctl_status_is, tickets_open),
    I64(proto_ctl_status_is, tickets_closed),
    I64(proto_ctl_status_is, promises_open),
    I64(proto_ctl_status_is, promises_late),
    I64(proto_ctl_status_is, promises_soon),
    I64(proto_ctl_status_is, promises_failed),
    I64(proto_ctl_status_is, oldest_due),
    U32(proto_ctl_status_is, post_hold, PROTO_HOLD_BREAKER),
    I64(proto_ctl_status_is, post_since),
    I64(proto_ctl_status_is, post_sent),
    I64(proto_ctl_status_is, guesses));
TABLE(proto_ctl_post, U32(proto_ctl_post, hold, PROTO_HOLD_OPERATOR));
TABLE(proto_ctl_post_is, U32(proto_ctl_post_is, was, PROTO_HOLD_BREAKER),
    I64(proto_ctl_post_is, waiting));
TABLE(proto_ctl_list, NUMBER(proto_ctl_list, after),
    U32(proto_ctl_list, limit, 100), TEXT(proto_ctl_list, queue, TOKEN_MAX),
    U32(proto_ctl_list, is_open, 1));
TABLE(proto_ctl_ticket, NUMBER(proto_ctl_ticket, number),
    TEXT(proto_ctl_ticket, queue, TOKEN_MAX),
    TEXT(proto_ctl_ticket, state, TOKEN_MAX),
    TEXT(proto_ctl_ticket, lang, TOKEN_MAX),
    TEXT(proto_ctl_ticket, category, TOKEN_MAX),
    TEXT(proto_ctl_ticket, pseudonym, TOKEN_MAX),
    U32(proto_ctl_ticket, level, 99), U32(proto_ctl_ticket, flags, 0xffff),
    U32(proto_ctl_ticket, messages, G_MAXUINT32),
    I64(proto_ctl_ticket, opened), I64(proto_ctl_ticket, first_reply_due),
    I64(proto_ctl_ticket, decision_due),
    I64(proto_ctl_ticket, first_reply_s), I64(proto_ctl_ticket, decision_s),
    I64(proto_ctl_ticket, acknowledged), I64(proto_ctl_ticket, answered),
    I64(proto_ctl_ticket, closed), I64(proto_ctl_ticket, waiting),
    U32(proto_ctl_ticket, rating, 5),
    TEXT(proto_ctl_ticket, agent, TOKEN_MAX));
TABLE(proto_ctl_list_is,
    LIST(proto_ctl_list_is, tickets, proto_ctl_ticket, 100));
TABLE(proto_ctl_show, NUMBER(proto_ctl_show, number));
TABLE(proto_ctl_show_is, U32(proto_ctl_show_is, is_found, 1),
    SUB(proto_ctl_show_is, ticket, proto_ctl_ticket));
TABLE(proto_ctl_forget, NUMBER(proto_ctl_forget, number));
TABLE(proto_ctl_forget_is, U32(proto_ctl_forget_is, is_found, 1),
    U32(proto_ctl_forget_is, is_known, 1),
    U32(proto_ctl_forget_is, tickets, G_MAXUINT32));

TABLE(proto_ctl_vip, TEXT(proto_ctl_vip, pseudonym, TOKEN_MAX),
    TEXT(proto_ctl_vip, agent, TOKEN_MAX));
TABLE(proto_ctl_vip_is, U32(proto_ctl_vip_is, is_found, 1),
    U32(proto_ctl_vip_is, tickets, G_MAXUINT32));
TABLE(proto_ctl_numbers, NUMBER(proto_ctl_numbers, after),
    U32(proto_ctl_numbers, limit, 100));
TABLE(proto_ctl_kpi, NUMBER(proto_ctl_kpi, number),
    TEXT(proto_ctl_kpi, queue, TOKEN_MAX),
    TEXT(proto_ctl_kpi, category, TOKEN_MAX),
    TEXT(proto_ctl_kpi, lang, TOKEN_MAX),
    TEXT(proto_ctl_kpi, agent, TOKEN_MAX), U32(proto_ctl_kpi, level, 99),
    I64(proto_ctl_kpi, opened), I64(proto_ctl_kpi, ack_done),
    I64(proto_ctl_kpi, ack_due), I64(proto_ctl_kpi, first_reply_done),
    I64(proto_ctl_kpi, first_reply_due), I64(proto_ctl_kpi, decision_done),
    I64(proto_ctl_kpi, decision_due), I64(proto_ctl_kpi, closed),
    U32(proto_ctl_kpi, is_returned, 1), U32(proto_ctl_kpi, rating, 5));
TABLE(proto_ctl_numbers_are,
    LIST(proto_ctl_numbers_are, tickets, proto_ctl_kpi, 100));

/* Intake. */
TABLE(proto_intake_mail, U32(proto_intake_mail, way, PROTO_WAY_SMTP),
    TEXT(proto_intake_mail, sender_addr, ADDR_MAX),
    TEXTS(proto_intake_mail, rcpt_addrs, PROTO_INTAKE_RCPTS_MAX),
    U32(proto_intake_mail, is_smtputf8, 1));
TABLE(proto_intake_done,
    U32(proto_intake_done, outcome, PROTO_MAIL_OUTCOME_END - 1));

/* Images. */
TABLE(proto_image_cleaned, TEXT(proto_image_cleaned, type, TOKEN_MAX),
    U32(proto_image_cleaned, width, 65535),
    U32(proto_image_cleaned, height, 65535));

/* A message without members: only its type speaks. */
static const struct field empty_fields[] = {{0}};
static const struct table empty_shape = {0, empty_fields};

static const struct table *const tables[PROTO_TYPE_END] = {
    [PROTO_ERROR] = &proto_error_shape,
    [PROTO_VAULT_IDENTIFY] = &proto_vault_identify_shape,
    [PROTO_VAULT_IDENTITY] = &proto_vault_identity_shape,
    [PROTO_VAULT_OPEN] = &proto_vault_open_shape,
    [PROTO_VAULT_OPENED] = &proto_vault_opened_shape,
    [PROTO_VAULT_LABEL] = &proto_vault_label_shape,
    [PROTO_VAULT_LABELLED] = &proto_vault_labelled_shape,
    [PROTO_DESK_ADMIT] = &proto_desk_admit_shape,
    [PROTO_DESK_ADMITTED] = &proto_desk_admitted_shape,
    [PROTO_DESK_COMMIT] = &proto_desk_commit_shape,
    [PROTO_DESK_COMMITTED] = &empty_shape,
    [PROTO_DESK_TELL] = &proto_desk_tell_shape,
    [PROTO_DESK_TELL_ON] = &empty_shape,
    [PROTO_DESK_STEER] = &proto_desk_steer_shape,
    [PROTO_DESK_STEERED] = &proto_desk_steered_shape,
    [PROTO_DESK_TAKE] = &proto_desk_take_shape,
    [PROTO_DESK_WORK] = &proto_desk_work_shape,
    [PROTO_DESK_JOBS] = &proto_desk_jobs_shape,
    [PROTO_POST_HAND_OVER] = &proto_post_hand_over_shape,
    [PROTO_POST_RESULT] = &proto_post_result_shape,
    [PROTO_CTL_STATUS] = &empty_shape,
    [PROTO_CTL_STATUS_IS] = &proto_ctl_status_is_shape,
    [PROTO_CTL_LIST] = &proto_ctl_list_shape,
    [PROTO_CTL_LIST_IS] = &proto_ctl_list_is_shape,
    [PROTO_CTL_SHOW] = &proto_ctl_show_shape,
    [PROTO_CTL_SHOW_IS] = &proto_ctl_show_is_shape,
    [PROTO_CTL_FORGET] = &proto_ctl_forget_shape,
    [PROTO_CTL_FORGET_IS] = &proto_ctl_forget_is_shape,
    [PROTO_CTL_POST] = &proto_ctl_post_shape,
    [PROTO_CTL_POST_IS] = &proto_ctl_post_is_shape,
    [PROTO_CTL_VIP] = &proto_ctl_vip_shape,
    [PROTO_CTL_VIP_IS] = &proto_ctl_vip_is_shape,
    [PROTO_CTL_NUMBERS] = &proto_ctl_numbers_shape,
    [PROTO_CTL_NUMBERS_ARE] = &proto_ctl_numbers_are_shape,
    [PROTO_IMAGE_CLEAN] = &empty_shape,
    [PROTO_IMAGE_CLEANED] = &proto_image_cleaned_shape,
    [PROTO_INTAKE_READY] = &empty_shape,
    [PROTO_INTAKE_GO] = &empty_shape,
    [PROTO_INTAKE_MAIL] = &proto_intake_mail_shape,
    [PROTO_INTAKE_DONE] = &proto_intake_done_shape,
};

const struct table *
proto_table(enum proto_type type)
{
	if ((guint)type >= PROTO_TYPE_END)
		return NULL;
	return tables[type];
}

const struct table *
proto_envelope_table(void)
{
	return &proto_envelope_shape;
}

const struct table *
proto_envelope_texts_table(void)
{
	return &envelope_texts_shape;
}

/* Keyed bytes are as good as random. */
guint
proto_key_hash(gconstpointer key)
{
	guint hash;

	memcpy(&hash, key, sizeof(hash));
	return hash;
}

gboolean
proto_key_equal(gconstpointer a, gconstpointer b)
{
	return memcmp(a, b, sizeof(struct proto_key)) == 0;
}
