#include "store/sqlite_read.h"

#include <string.h>

#include <sqlite3.h>

#include "base/banned.h"

static void
read_key(sqlite3_stmt *st, int at, struct store_key *out)
{
	const void *blob = sqlite3_column_blob(st, at);

	*out = (struct store_key){0};
	if (blob != NULL && sqlite3_column_bytes(st, at) == STORE_KEY_LEN)
		memcpy(out->b, blob, STORE_KEY_LEN);
}

static void
read_text(sqlite3_stmt *st, int at, char *out, gsize size)
{
	const char *text = (const char *)sqlite3_column_text(st, at);

	(void)g_strlcpy(out, text != NULL ? text : "", size);
}

static guint32
read_u32(sqlite3_stmt *st, int at)
{
	return (guint32)sqlite3_column_int64(st, at);
}

void
sqlite_read_contact(sqlite3_stmt *st, gpointer row)
{
	struct store_contact *c = row;

	*c = (struct store_contact){0};
	read_key(st, 0, &c->id);
	c->epoch = sqlite3_column_int64(st, 1);
	read_text(st, 2, c->pseudonym, sizeof(c->pseudonym));
	c->seen = sqlite3_column_int64(st, 3);
	read_text(st, 4, c->agent, sizeof(c->agent));
}

void
sqlite_read_ticket(sqlite3_stmt *st, gpointer row)
{
	struct store_ticket *k = row;
	struct ticket *t = &k->t;

	*k = (struct store_ticket){0};
	read_key(st, 0, &k->contact);
	k->epoch = sqlite3_column_int64(st, 1);
	read_text(st, 2, t->queue, sizeof(t->queue));
	t->state = (enum ticket_state)sqlite3_column_int(st, 3);
	t->level = read_u32(st, 4);
	read_text(st, 5, t->lang, sizeof(t->lang));
	read_text(st, 6, t->category, sizeof(t->category));
	t->flags = read_u32(st, 7);
	read_text(st, 8, t->pseudonym, sizeof(t->pseudonym));
	t->opened = sqlite3_column_int64(st, 9);
	t->first_reply_due = sqlite3_column_int64(st, 10);
	t->decision_due = sqlite3_column_int64(st, 11);
	t->acknowledged = sqlite3_column_int64(st, 12);
	t->answered = sqlite3_column_int64(st, 13);
	t->closed = sqlite3_column_int64(st, 14);
	t->messages = read_u32(st, 15);
	read_text(st, 16, k->copy_id, sizeof(k->copy_id));
	t->ack_due = sqlite3_column_int64(st, 17);
	t->decided = sqlite3_column_int64(st, 18);
	t->waiting = sqlite3_column_int64(st, 19);
	t->close = read_u32(st, 20);
	t->closed_level = read_u32(st, 21);
	t->is_returned = read_u32(st, 22);
	t->rating = read_u32(st, 23);
	read_text(st, 24, t->agent, sizeof(t->agent));
	read_text(st, 25, t->number.s, sizeof(t->number.s));
}

void
sqlite_read_number(sqlite3_stmt *st, gpointer row)
{
	struct number *number = row;

	*number = (struct number){""};
	read_text(st, 0, number->s, sizeof(number->s));
}

void
sqlite_read_envelope(sqlite3_stmt *st, gpointer row)
{
	struct store_envelope *e = row;
	const void *blob = sqlite3_column_blob(st, 3);

	*e = (struct store_envelope){0};
	read_text(st, 0, e->ticket.s, sizeof(e->ticket.s));
	e->epoch = sqlite3_column_int64(st, 1);
	read_key(st, 2, &e->contact);
	e->sealed = g_bytes_new(blob, (gsize)sqlite3_column_bytes(st, 3));
}

void
sqlite_read_message(sqlite3_stmt *st, gpointer row)
{
	struct store_message *m = row;

	*m = (struct store_message){0};
	read_key(st, 0, &m->fingerprint);
	m->epoch = sqlite3_column_int64(st, 1);
	read_text(st, 2, m->ticket.s, sizeof(m->ticket.s));
	m->state = (enum store_message_state)sqlite3_column_int(st, 3);
}

void
sqlite_read_clue(sqlite3_stmt *st, gpointer row)
{
	struct store_clue *c = row;

	*c = (struct store_clue){0};
	c->trait.epoch = sqlite3_column_int64(st, 0);
	read_key(st, 1, &c->trait.key);
	c->kind = read_u32(st, 2);
	read_text(st, 3, c->ticket.s, sizeof(c->ticket.s));
}

void
sqlite_read_post(sqlite3_stmt *st, gpointer row)
{
	struct store_post *p = row;

	*p = (struct store_post){0};
	p->hour = sqlite3_column_int64(st, 0);
	p->sent = sqlite3_column_int64(st, 1);
	p->hold = read_u32(st, 2);
	p->since = sqlite3_column_int64(st, 3);
}

void
sqlite_read_promise(sqlite3_stmt *st, gpointer row)
{
	struct store_promise *p = row;

	*p = (struct store_promise){0};
	read_key(st, 0, &p->name.key);
	p->name.kind = read_u32(st, 1);
	read_text(st, 2, p->ticket.s, sizeof(p->ticket.s));
	p->state = (enum store_promise_state)sqlite3_column_int(st, 3);
	p->slot = read_u32(st, 4);
	p->due = sqlite3_column_int64(st, 5);
	p->next_try = sqlite3_column_int64(st, 6);
	p->attempts = read_u32(st, 7);
	p->alarm_at = sqlite3_column_int64(st, 8);
	p->alarmed = read_u32(st, 9);
	p->arg = read_u32(st, 10);
}

void
sqlite_read_clock(sqlite3_stmt *st, gpointer row)
{
	struct store_clock *c = row;

	*c = (struct store_clock){0};
	read_text(st, 0, c->ticket.s, sizeof(c->ticket.s));
	c->clock.kind = (enum sla_kind)sqlite3_column_int(st, 1);
	c->clock.start = sqlite3_column_int64(st, 2);
	c->clock.length_s = sqlite3_column_int64(st, 3);
	c->clock.paused_at = sqlite3_column_int64(st, 4);
	c->clock.paused_s = sqlite3_column_int64(st, 5);
	c->clock.settled = sqlite3_column_int64(st, 6);
	c->clock.said = read_u32(st, 7);
}

void
sqlite_read_weekly(sqlite3_stmt *st, gpointer row)
{
	struct store_weekly *w = row;

	*w = (struct store_weekly){0};
	read_text(st, 0, w->queue, sizeof(w->queue));
	w->sent = sqlite3_column_int64(st, 1);
	w->next_try = sqlite3_column_int64(st, 2);
	w->slot = read_u32(st, 3);
}
