#ifndef ND_PROTO_TABLES_H
#define ND_PROTO_TABLES_H

/*
 * The shape of every message as data: one row a member, with its limit. The
 * codec knows kinds of members only; messages.c is all there is to change
 * for a new message.
 */
#include <glib.h>

#include "proto/messages.h"

enum field_kind {
	FIELD_END,
	FIELD_U32,    /* guint32; max is the largest value */
	FIELD_I64,    /* gint64 */
	FIELD_TEXT,   /* char *; max octets, UTF-8 */
	FIELD_NUMBER, /* struct number; may be unset */
	FIELD_MAC,    /* struct label_mac; may be unset */
	FIELD_KEY,    /* struct proto_key */
	FIELD_BYTES,  /* GBytes *; max octets */
	FIELD_STRUCT, /* struct of table sub, embedded */
	FIELD_LIST,   /* GArray * of structs of table sub; max elements */
	FIELD_TEXTS,  /* GPtrArray * of char *; max elements, ADDR_MAX each */
};

struct field {
	enum field_kind kind;
	gsize offset;
	gsize max;
	const struct table *sub;
};

struct table {
	gsize size; /* of the struct */
	const struct field *fields; /* ends with FIELD_END */
};

/* NULL for a type without one. */
const struct table *proto_table(enum proto_type type);
const struct table *proto_envelope_table(void);
/* What envelopes had before there were receipts; some are still sealed. */
const struct table *proto_envelope_texts_table(void);

#endif
