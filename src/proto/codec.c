#include "proto/codec.h"

#include <pthread.h>
#include <string.h>

#include "base/addr.h"
#include "base/error.h"
#include "proto/tables.h"

#include "base/banned.h"

#define HEADER_LEN 8 /* keeps the GVariant aligned */
#define PROTO_VERSION 1

/* --- the GVariant type of a table ----------------------------------- */

static void
type_append(GString *type, const struct table *table)
{
	g_string_append_c(type, '(');
	for (const struct field *f = table->fields; f->kind != FIELD_END; f++) {
		switch (f->kind) {
		case FIELD_U32:
			g_string_append_c(type, 'u');
			break;
		case FIELD_I64:
			g_string_append_c(type, 'x');
			break;
		case FIELD_TEXT:
		case FIELD_NUMBER:
		case FIELD_MAC:
			g_string_append_c(type, 's');
			break;
		case FIELD_KEY:
		case FIELD_BYTES:
			g_string_append(type, "ay");
			break;
		case FIELD_STRUCT:
			type_append(type, f->sub);
			break;
		case FIELD_LIST:
			g_string_append_c(type, 'a');
			type_append(type, f->sub);
			break;
		case FIELD_TEXTS:
			g_string_append(type, "as");
			break;
		case FIELD_END:
			break;
		}
	}
	g_string_append_c(type, ')');
}

/* Of every table; made once, by whichever thread asks first, and then never
 * changed. */
static GHashTable *types;

static void
types_add(const struct table *table)
{
	g_autoptr(GString) text = g_string_new(NULL);

	if (table == NULL || g_hash_table_contains(types, table))
		return;
	type_append(text, table);
	g_hash_table_insert(
	    types, (gpointer)table, g_variant_type_new(text->str));
	for (const struct field *f = table->fields; f->kind != FIELD_END; f++)
		types_add(f->sub);
}

static void
types_make(void)
{
	types = g_hash_table_new(g_direct_hash, g_direct_equal);
	for (guint type = 0; type < PROTO_TYPE_END; type++)
		types_add(proto_table((enum proto_type)type));
	types_add(proto_envelope_table());
	types_add(proto_envelope_texts_table());
}

/* Not GLib's once, of which ThreadSanitizer knows nothing. */
static const GVariantType *
table_type(const struct table *table)
{
	static pthread_once_t once = PTHREAD_ONCE_INIT;
	const GVariantType *type;

	(void)pthread_once(&once, types_make);
	type = g_hash_table_lookup(types, table);
	g_assert(type != NULL);
	return type;
}

/* --- encoding ------------------------------------------------------- */

static GVariant *struct_encode(const struct table *table, const guint8 *base);

static GVariant *
bytes_encode(gconstpointer data, gsize len)
{
	return g_variant_new_fixed_array(G_VARIANT_TYPE_BYTE, data, len, 1);
}

static GVariant *
text_encode(const char *text, gsize max)
{
	if (text == NULL)
		text = "";
	g_assert(strlen(text) <= max);
	return g_variant_new_string(text);
}

static GVariant *
gbytes_encode(GBytes *bytes, gsize max)
{
	gsize len = 0;
	gconstpointer data = bytes == NULL ? NULL
					   : g_bytes_get_data(bytes, &len);

	g_assert(len <= max);
	return bytes_encode(data, len);
}

static GVariant *
list_encode(const struct field *f, const GArray *list)
{
	GVariantBuilder builder;
	guint len = list == NULL ? 0 : list->len;
	g_autofree char *type = NULL;
	g_autofree char *element =
	    g_variant_type_dup_string(table_type(f->sub));

	g_assert(len <= f->max);
	type = g_strconcat("a", element, NULL);
	g_variant_builder_init(&builder, G_VARIANT_TYPE(type));
	for (guint i = 0; i < len; i++)
		g_variant_builder_add_value(&builder,
		    struct_encode(f->sub,
			(const guint8 *)list->data + i * f->sub->size));
	return g_variant_builder_end(&builder);
}

static GVariant *
texts_encode(const struct field *f, const GPtrArray *texts)
{
	GVariantBuilder builder;
	guint len = texts == NULL ? 0 : texts->len;

	g_assert(len <= f->max);
	g_variant_builder_init(&builder, G_VARIANT_TYPE_STRING_ARRAY);
	for (guint i = 0; i < len; i++)
		g_variant_builder_add_value(&builder,
		    text_encode(g_ptr_array_index(texts, i), ADDR_MAX));
	return g_variant_builder_end(&builder);
}

static GVariant *
field_encode(const struct field *f, const guint8 *at)
{
	switch (f->kind) {
	case FIELD_U32:
		g_assert(*(const guint32 *)(gconstpointer)at <= f->max);
		return g_variant_new_uint32(*(const guint32 *)(gconstpointer)at);
	case FIELD_I64:
		return g_variant_new_int64(*(const gint64 *)(gconstpointer)at);
	case FIELD_TEXT:
		return text_encode(*(char *const *)(gconstpointer)at, f->max);
	case FIELD_NUMBER:
	case FIELD_MAC:
		return g_variant_new_string((const char *)at);
	case FIELD_KEY:
		return bytes_encode(at, PROTO_KEY_LEN);
	case FIELD_BYTES:
		return gbytes_encode(*(GBytes *const *)(gconstpointer)at,
		    f->max);
	case FIELD_STRUCT:
		return struct_encode(f->sub, at);
	case FIELD_LIST:
		return list_encode(f, *(GArray *const *)(gconstpointer)at);
	case FIELD_TEXTS:
		return texts_encode(f, *(GPtrArray *const *)(gconstpointer)at);
	case FIELD_END:
		break;
	}
	g_assert_not_reached();
}

static GVariant *
struct_encode(const struct table *table, const guint8 *base)
{
	GVariantBuilder builder;

	g_variant_builder_init(&builder, table_type(table));
	for (const struct field *f = table->fields; f->kind != FIELD_END; f++)
		g_variant_builder_add_value(&builder,
		    field_encode(f, base + f->offset));
	return g_variant_builder_end(&builder);
}

GBytes *
proto_encode(enum proto_type type, gconstpointer message, GError **err)
{
	const struct table *table = proto_table(type);
	g_autoptr(GVariant) value = NULL;
	gsize len;
	guint8 *frame;

	g_assert(table != NULL);
	value = g_variant_ref_sink(struct_encode(table, message));
	len = HEADER_LEN + g_variant_get_size(value);
	if (len > PROTO_FRAME_MAX) {
		error_fail_num(err, ERROR_PERM, "message too large", type);
		return NULL;
	}
	frame = g_malloc0(len);
	frame[0] = 'N';
	frame[1] = 'D';
	frame[2] = PROTO_VERSION;
	frame[3] = (guint8)type;
	g_variant_store(value, frame + HEADER_LEN);
	return g_bytes_new_take(frame, len);
}

/* --- decoding ------------------------------------------------------- */

static gboolean struct_decode(const struct table *table, GVariant *value,
    guint8 *base);

static gboolean
text_decode(GVariant *value, gsize max, char **out)
{
	gsize len;
	const char *text = g_variant_get_string(value, &len);

	if (len > max)
		return FALSE;
	*out = g_strndup(text, len);
	return TRUE;
}

static gboolean
number_decode(GVariant *value, struct number *out)
{
	gsize len;
	const char *text = g_variant_get_string(value, &len);
	struct number parsed;

	if (len == 0)
		return TRUE;
	if (len != NUMBER_LEN || !number_parse(text, len, &parsed) ||
	    strcmp(parsed.s, text) != 0)
		return FALSE;
	*out = parsed;
	return TRUE;
}

static gboolean
mac_decode(GVariant *value, struct label_mac *out)
{
	gsize len;
	const char *text = g_variant_get_string(value, &len);

	if (len == 0)
		return TRUE;
	if ((len != LABEL_MAC_LEN && len != LABEL_MASKED_LEN) ||
	    strspn(text, "0123456789abcdefghjkmnpqrstvwxyz") != len)
		return FALSE;
	memcpy(out->s, text, len);
	return TRUE;
}

static gboolean
key_decode(GVariant *value, guint8 *out)
{
	gsize len;
	gconstpointer data = g_variant_get_fixed_array(value, &len, 1);

	if (len != PROTO_KEY_LEN)
		return FALSE;
	memcpy(out, data, len);
	return TRUE;
}

static gboolean
gbytes_decode(GVariant *value, gsize max, GBytes **out)
{
	gsize len;
	gconstpointer data = g_variant_get_fixed_array(value, &len, 1);

	if (len > max)
		return FALSE;
	*out = g_bytes_new(data, len);
	return TRUE;
}

static gboolean
list_decode(const struct field *f, GVariant *value, GArray **out)
{
	gsize len = g_variant_n_children(value);

	if (len > f->max)
		return FALSE;
	*out = g_array_sized_new(FALSE, TRUE, (guint)f->sub->size, (guint)len);
	g_array_set_size(*out, (guint)len);
	for (gsize i = 0; i < len; i++) {
		g_autoptr(GVariant) child = g_variant_get_child_value(value, i);

		if (!struct_decode(f->sub, child,
			(guint8 *)(*out)->data + i * f->sub->size))
			return FALSE;
	}
	return TRUE;
}

static gboolean
texts_decode(const struct field *f, GVariant *value, GPtrArray **out)
{
	gsize len = g_variant_n_children(value);

	if (len > f->max)
		return FALSE;
	*out = g_ptr_array_new_with_free_func(g_free);
	for (gsize i = 0; i < len; i++) {
		g_autoptr(GVariant) child = g_variant_get_child_value(value, i);
		char *text;

		if (!text_decode(child, ADDR_MAX, &text))
			return FALSE;
		g_ptr_array_add(*out, text);
	}
	return TRUE;
}

static gboolean
field_decode(const struct field *f, GVariant *value, guint8 *at)
{
	gpointer to = at;

	switch (f->kind) {
	case FIELD_U32:
		*(guint32 *)to = g_variant_get_uint32(value);
		return *(guint32 *)to <= f->max;
	case FIELD_I64:
		*(gint64 *)to = g_variant_get_int64(value);
		return TRUE;
	case FIELD_TEXT:
		return text_decode(value, f->max, to);
	case FIELD_NUMBER:
		return number_decode(value, to);
	case FIELD_MAC:
		return mac_decode(value, to);
	case FIELD_KEY:
		return key_decode(value, to);
	case FIELD_BYTES:
		return gbytes_decode(value, f->max, to);
	case FIELD_STRUCT:
		return struct_decode(f->sub, value, to);
	case FIELD_LIST:
		return list_decode(f, value, to);
	case FIELD_TEXTS:
		return texts_decode(f, value, to);
	case FIELD_END:
		break;
	}
	g_assert_not_reached();
}

static gboolean
struct_decode(const struct table *table, GVariant *value, guint8 *base)
{
	gsize i = 0;

	for (const struct field *f = table->fields; f->kind != FIELD_END; f++) {
		g_autoptr(GVariant) child =
		    g_variant_get_child_value(value, i++);

		if (!field_decode(f, child, base + f->offset))
			return FALSE;
	}
	return TRUE;
}

enum proto_type
proto_frame_type(GBytes *frame)
{
	gsize len;
	const guint8 *data = g_bytes_get_data(frame, &len);

	if (len < HEADER_LEN || data[0] != 'N' || data[1] != 'D' ||
	    data[2] != PROTO_VERSION || proto_table(data[3]) == NULL ||
	    (data[4] | data[5] | data[6] | data[7]) != 0)
		return 0;
	return data[3];
}

static void struct_clear(const struct table *table, guint8 *base);

static gboolean
content_decode(const struct table *table, GBytes *content, gpointer out)
{
	g_autoptr(GVariant) value = g_variant_ref_sink(
	    g_variant_new_from_bytes(table_type(table), content, FALSE));

	memset(out, 0, table->size);
	if (g_variant_is_normal_form(value) &&
	    struct_decode(table, value, out))
		return TRUE;
	struct_clear(table, out);
	return FALSE;
}

gboolean
proto_decode(GBytes *frame, enum proto_type type, gpointer message,
    GError **err)
{
	g_autoptr(GBytes) content = NULL;

	if (proto_frame_type(frame) != type)
		return error_fail_num(err, ERROR_DENIED,
		    "bad frame: not of type", type);
	if (proto_table(type)->size == 0)
		return TRUE;
	content = g_bytes_new_from_bytes(frame, HEADER_LEN,
	    g_bytes_get_size(frame) - HEADER_LEN);
	if (!content_decode(proto_table(type), content, message))
		return error_fail_num(err, ERROR_DENIED, "bad frame of type",
		    type);
	return TRUE;
}

/* --- clearing ------------------------------------------------------- */

static void
list_clear(const struct field *f, GArray *list)
{
	if (list == NULL)
		return;
	for (guint i = 0; i < list->len; i++)
		struct_clear(f->sub,
		    (guint8 *)list->data + i * f->sub->size);
	g_array_unref(list);
}

static void
struct_clear(const struct table *table, guint8 *base)
{
	for (const struct field *f = table->fields; f->kind != FIELD_END; f++) {
		gpointer at = base + f->offset;

		if (f->kind == FIELD_TEXT)
			g_free(*(char **)at);
		else if (f->kind == FIELD_BYTES)
			g_bytes_unref(*(GBytes **)at);
		else if (f->kind == FIELD_STRUCT)
			struct_clear(f->sub, at);
		else if (f->kind == FIELD_LIST)
			list_clear(f, *(GArray **)at);
		else if (f->kind == FIELD_TEXTS &&
		    *(GPtrArray **)at != NULL)
			g_ptr_array_unref(*(GPtrArray **)at);
	}
	memset(base, 0, table->size);
}

void
proto_clear(enum proto_type type, gpointer message)
{
	struct_clear(proto_table(type), message);
}

/* --- errors and envelopes ------------------------------------------- */

GBytes *
proto_encode_error(const GError *error)
{
	g_autofree char *text = NULL;
	g_autofree char *valid = NULL;
	struct proto_error message = {.kind = ERROR_TEMP};

	if (error->domain == ND_ERROR) {
		message.kind = (guint32)error->code;
		text = g_strndup(error->message, 500);
	} else {
		text = g_strdup_printf("%s/%d",
		    g_quark_to_string(error->domain), error->code);
	}
	/* The cut above may have split a character. */
	message.text = valid = g_utf8_make_valid(text, -1);
	return proto_encode(PROTO_ERROR, &message, NULL);
}

gboolean
proto_decode_error(GBytes *frame, GError **err)
{
	struct proto_error message = {0};

	if (!proto_decode(frame, PROTO_ERROR, &message, err))
		return FALSE;
	g_set_error_literal(err, ND_ERROR, (gint)message.kind, message.text);
	proto_clear(PROTO_ERROR, &message);
	return FALSE;
}

GBytes *
proto_envelope_encode(const struct proto_envelope *envelope)
{
	g_autoptr(GVariant) value = g_variant_ref_sink(
	    struct_encode(proto_envelope_table(), (const guint8 *)envelope));

	return g_variant_get_data_as_bytes(value);
}

gboolean
proto_envelope_decode(GBytes *content, struct proto_envelope *envelope,
    GError **err)
{
	/* No octets are both: the longer one needs a second NUL behind the
	 * last text. */
	if (content_decode(proto_envelope_table(), content, envelope) ||
	    content_decode(proto_envelope_texts_table(), content, envelope))
		return TRUE;
	return error_fail(err, ERROR_PERM, "not a return envelope");
}

void
proto_envelope_clear(struct proto_envelope *envelope)
{
	struct_clear(proto_envelope_table(), (guint8 *)envelope);
}
