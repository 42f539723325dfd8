#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>
#include <glib/gstdio.h>

#include "base/addr.h"
#include "base/error.h"
#include "base/log.h"
#include "proto/codec.h"
#include "proto/ipc.h"
#include "proto/permit.h"
#include "proto/tables.h"

#include "base/banned.h"

/* --- filling any message from its table ---------------------------------- */

static void struct_fill(const struct table *table, guint8 *base, GRand *rand);

static char *
text_random(GRand *rand, gsize max)
{
	gsize len = (gsize)g_rand_int_range(rand, 0, (gint)max + 1);
	char *text = g_malloc(len + 1);

	for (gsize i = 0; i < len; i++)
		text[i] = (char)g_rand_int_range(rand, 1, 128);
	text[len] = '\0';
	return text;
}

static GBytes *
bytes_random(GRand *rand, gsize max)
{
	gsize len = (gsize)g_rand_int_range(rand, 0, (gint)max + 1);
	guint8 *data = g_malloc(len + 1);

	for (gsize i = 0; i < len; i++)
		data[i] = (guint8)g_rand_int(rand);
	return g_bytes_new_take(data, len);
}

static void
mac_random(GRand *rand, struct label_mac *mac)
{
	guint8 bytes[16];

	for (gsize i = 0; i < sizeof(bytes); i++)
		bytes[i] = (guint8)g_rand_int(rand);
	*mac = g_rand_boolean(rand)
		   ? label_mac_from_bytes(bytes)
		   : label_masked_from_bits(g_rand_int(rand));
}

static void
list_fill(const struct field *f, GArray **list, GRand *rand)
{
	guint len = (guint)g_rand_int_range(rand, 0, (gint)MIN(f->max, 4) + 1);

	*list = g_array_new(FALSE, TRUE, (guint)f->sub->size);
	g_array_set_size(*list, len);
	for (guint i = 0; i < len; i++)
		struct_fill(f->sub, (guint8 *)(*list)->data +
			i * f->sub->size, rand);
}

static void
field_fill(const struct field *f, gpointer at, GRand *rand)
{
	switch (f->kind) {
	case FIELD_U32:
		*(guint32 *)at = f->max == 0
		    ? 0
		    : (guint32)(g_rand_int(rand) % (f->max + 1));
		break;
	case FIELD_I64:
		*(gint64 *)at = (gint64)g_rand_int(rand) << 20;
		break;
	case FIELD_TEXT:
		*(char **)at = text_random(rand, MIN(f->max, 200));
		break;
	case FIELD_NUMBER:
		*(struct number *)at = number_from_bits(g_rand_int(rand));
		break;
	case FIELD_MAC:
		mac_random(rand, at);
		break;
	case FIELD_KEY:
		memset(at, (int)g_rand_int(rand), PROTO_KEY_LEN);
		break;
	case FIELD_BYTES:
		*(GBytes **)at = bytes_random(rand, f->max);
		break;
	case FIELD_STRUCT:
		struct_fill(f->sub, at, rand);
		break;
	case FIELD_LIST:
		list_fill(f, at, rand);
		break;
	case FIELD_TEXTS:
		*(GPtrArray **)at = g_ptr_array_new_with_free_func(g_free);
		g_ptr_array_add(*(GPtrArray **)at, text_random(rand, 300));
		break;
	case FIELD_END:
		break;
	}
}

static void
struct_fill(const struct table *table, guint8 *base, GRand *rand)
{
	for (const struct field *f = table->fields; f->kind != FIELD_END; f++)
		field_fill(f, base + f->offset, rand);
}

/* --- frames ---------------------------------------------------------------- */

static void
every_message_survives_its_way(void **state)
{
	g_autoptr(GRand) rand = g_rand_new_with_seed(7);

	(void)state;
	for (int type = 1; type < PROTO_TYPE_END; type++)
		for (int round = 0; round < 20; round++) {
			const struct table *table =
			    proto_table((enum proto_type)type);
			g_autofree guint8 *in = g_malloc0(table->size + 1);
			g_autofree guint8 *out = g_malloc0(table->size + 1);
			g_autoptr(GBytes) first = NULL;
			g_autoptr(GBytes) second = NULL;

			struct_fill(table, in, rand);
			first = proto_encode((enum proto_type)type, in, NULL);
			assert_non_null(first);
			assert_int_equal(proto_frame_type(first), type);
			assert_true(proto_decode(first, (enum proto_type)type,
			    out, NULL));
			second = proto_encode((enum proto_type)type, out,
			    NULL);
			assert_true(g_bytes_equal(first, second));
			proto_clear((enum proto_type)type, in);
			proto_clear((enum proto_type)type, out);
		}
}

static void
a_damaged_frame_is_refused_or_normal(void **state)
{
	g_autoptr(GRand) rand = g_rand_new_with_seed(8);
	struct proto_vault_identify in = {0};
	g_autoptr(GBytes) frame = NULL;
	gsize len;
	const guint8 *data;
	guint refused = 0;

	(void)state;
	struct_fill(proto_table(PROTO_VAULT_IDENTIFY), (guint8 *)&in, rand);
	frame = proto_encode(PROTO_VAULT_IDENTIFY, &in, NULL);
	data = g_bytes_get_data(frame, &len);
	for (gsize cut = 0; cut < len; cut++) {
		struct proto_vault_identify out = {0};
		g_autofree guint8 *copy = g_memdup2(data, len);
		g_autoptr(GBytes) damaged = NULL;

		copy[cut] ^= (guint8)(1u << (cut % 8));
		damaged = g_bytes_new(copy, cut % 2 == 0 ? len : cut);
		if (proto_decode(damaged, PROTO_VAULT_IDENTIFY, &out, NULL))
			proto_clear(PROTO_VAULT_IDENTIFY, &out);
		else
			refused++;
	}
	assert_true(refused > len / 2);
	proto_clear(PROTO_VAULT_IDENTIFY, &in);
}

static void
limits_hold_on_decoding(void **state)
{
	static const struct {
		const char *type;
		const char *value;
		gboolean is_good;
	} rows[] = {
	    {"(s)", "('',)", TRUE}, /* no number */
	    {"(s)", "('K7F39Q2',)", FALSE},
	    {"(s)", "('k7f39q2y',)", FALSE},
	    {"(s)", "('@@@@@@@@',)", FALSE},
	};

	(void)state;
	for (gsize i = 0; i < G_N_ELEMENTS(rows); i++) {
		struct proto_ctl_show out = {0};
		g_autoptr(GVariant) v = g_variant_ref_sink(
		    g_variant_new_parsed(rows[i].value));
		g_autofree guint8 *frame =
		    g_malloc0(8 + g_variant_get_size(v));
		g_autoptr(GBytes) bytes = NULL;

		memcpy(frame, "ND\1", 3);
		frame[3] = PROTO_CTL_SHOW;
		g_variant_store(v, frame + 8);
		bytes = g_bytes_new(frame, 8 + g_variant_get_size(v));
		assert_int_equal(proto_decode(bytes, PROTO_CTL_SHOW, &out,
				     NULL),
		    rows[i].is_good);
	}
}

/* To a mail that comes too often the desk says nothing else. */
static void
a_verdict_may_come_alone(void **state)
{
	struct proto_desk_admitted in = {.verdict = PROTO_LATER};
	struct proto_desk_admitted out = {0};
	g_autoptr(GBytes) frame = NULL;

	(void)state;
	frame = proto_encode(PROTO_DESK_ADMITTED, &in, NULL);
	assert_non_null(frame);
	assert_true(proto_decode(frame, PROTO_DESK_ADMITTED, &out, NULL));
	assert_int_equal(out.verdict, PROTO_LATER);
	assert_false(number_is_set(&out.number));
	proto_clear(PROTO_DESK_ADMITTED, &out);
}

static void
errors_travel(void **state)
{
	g_autoptr(GError) in = NULL;
	g_autoptr(GError) out = NULL;
	g_autoptr(GBytes) frame = NULL;

	(void)state;
	error_fail(&in, ERROR_CONFLICT, "somebody was first");
	frame = proto_encode_error(in);
	assert_false(proto_decode_error(frame, &out));
	assert_true(error_is(out, ERROR_CONFLICT));
	assert_string_equal(out->message, "somebody was first");
}

static void
envelopes_survive_their_way(void **state)
{
	struct proto_envelope in = {.player_addr = (char *)"a@b.test",
	    .subject = (char *)"Auszahlung hängt",
	    .message_id = (char *)"x@y",
	    .references = (char *)"<x@y> <z@y>",
	    .received = 1795255200,
	    .digest = {{1, 2, 3}}};
	struct proto_envelope out;
	g_autoptr(GBytes) content = proto_envelope_encode(&in);
	g_autoptr(GBytes) broken = g_bytes_new("rubbish", 7);

	(void)state;
	assert_true(proto_envelope_decode(content, &out, NULL));
	assert_string_equal(out.subject, in.subject);
	assert_string_equal(out.references, in.references);
	assert_true(out.received == in.received);
	assert_true(proto_key_equal(&out.digest, &in.digest));
	proto_envelope_clear(&out);
	assert_false(proto_envelope_decode(broken, &out, NULL));
}

/* Those that were sealed before there were receipts open as well; and the
 * largest one still fits. */
static void
envelopes_of_all_times_open(void **state)
{
	static const char *const texts[] = {"", "x", "<a@b>", "\xc3\xa4"};
	const struct proto_key none = {{0}};

	(void)state;
	for (guint i = 0; i < 256 + G_N_ELEMENTS(texts); i++) {
		g_autofree char *last = i < 256
		    ? g_strnfill(3 * i, (char)(i % 127 + 1))
		    : g_strdup(texts[i - 256]);
		g_autoptr(GVariant) old = g_variant_ref_sink(g_variant_new(
		    "(ssss)", "a@b.test", "Auszahlung", "x@y", last));
		g_autoptr(GBytes) content = g_variant_get_data_as_bytes(old);
		struct proto_envelope out;

		assert_true(proto_envelope_decode(content, &out, NULL));
		assert_string_equal(out.player_addr, "a@b.test");
		assert_string_equal(out.references, last);
		assert_true(out.received == 0);
		assert_true(proto_key_equal(&out.digest, &none));
		proto_envelope_clear(&out);
	}
}

static void
largest_envelope_can_be_sealed(void **state)
{
	g_autofree char *addr = g_strnfill(ADDR_MAX, 'a');
	g_autofree char *subject = g_strnfill(512, 's');
	g_autofree char *id = g_strnfill(256, 'i');
	g_autofree char *references = g_strnfill(800, 'r');
	struct proto_envelope in = {addr, subject, id, references, G_MAXINT64,
	    {{0xff}}};
	g_autoptr(GBytes) content = proto_envelope_encode(&in);

	(void)state;
	assert_in_range(
	    g_bytes_get_size(content), 1900, PROTO_ENVELOPE_MAX);
}

/* --- who may say what ------------------------------------------------------- */

static void
nobody_says_more_than_the_table(void **state)
{
	guint permitted = 0;

	(void)state;
	for (int client = 0; client < ROLE_END; client++)
		for (int server = 0; server < ROLE_END; server++)
			for (int type = 1; type < PROTO_TYPE_END; type++)
				permitted += proto_permitted(
						 (enum role)client,
						 (enum role)server,
						 (enum proto_type)type)
				    ? 1
				    : 0;
	assert_int_equal(permitted, 26);
	/* The worker can have no envelope opened, the desk none made. */
	assert_false(proto_permitted(ROLE_LMTP, ROLE_VAULT,
	    PROTO_VAULT_OPEN));
	assert_false(proto_permitted(ROLE_CTL, ROLE_VAULT, PROTO_VAULT_OPEN));
	assert_false(proto_permitted(ROLE_DESK, ROLE_VAULT,
	    PROTO_VAULT_IDENTIFY));
	assert_false(proto_permitted(ROLE_LMTP, ROLE_DESK, PROTO_DESK_WORK));
	assert_false(proto_permitted(ROLE_LMTP, ROLE_DESK, PROTO_CTL_FORGET));
}

/* --- sockets ------------------------------------------------------------------ */

struct world {
	char *dir;
	uid_t allowed;
	int listener;
	guint handled;
	volatile gint stop;
};

static void
on_request(struct ipc_peer *peer, enum role role, GBytes *frame, int fd,
    gpointer user_data)
{
	struct world *world = user_data;

	(void)role;
	world->handled++;
	if (fd >= 0) {
		g_autoptr(GError) error = NULL;
		g_autoptr(GBytes) body = ipc_body_map(fd, &error);

		close(fd);
		if (body == NULL) {
			ipc_answer_error(peer, error);
			return;
		}
		error_fail_num(&error, ERROR_PERM, "body of",
		    g_bytes_get_size(body));
		ipc_answer_error(peer, error);
	} else if (proto_frame_type(frame) == PROTO_CTL_STATUS) {
		struct proto_ctl_status_is answer = {.tickets_open = 42};

		ipc_answer(peer, PROTO_CTL_STATUS_IS, &answer);
	}
}

static gpointer
serve(gpointer data)
{
	struct world *world = data;
	struct ipc_server *server =
	    ipc_server_new(ROLE_DESK, on_request, NULL, world);

	ipc_server_listen(server, dup(world->listener), ROLE_CTL,
	    world->allowed);
	while (!g_atomic_int_get(&world->stop))
		(void)ipc_server_poll(server, 10);
	ipc_server_free(server);
	return NULL;
}

static void
world_open(struct world *world, uid_t allowed)
{
	world->dir = g_dir_make_tmp("nd-proto-XXXXXX", NULL);
	world->allowed = allowed;
	world->listener = ipc_listen(world->dir, ROLE_DESK, ROLE_CTL,
	    geteuid(), NULL);
	assert_true(world->listener >= 0);
}

static void
world_close(struct world *world)
{
	g_autofree char *path =
	    g_build_filename(world->dir, "desk.ctl", NULL);

	close(world->listener);
	(void)g_unlink(path);
	(void)g_rmdir(world->dir);
	g_free(world->dir);
}

static void
a_call_is_answered(void **state)
{
	struct world world = {0};
	struct ipc_client *client;
	struct proto_ctl_status_is answer = {0};
	GThread *thread;
	g_autoptr(GError) error = NULL;
	char nothing = 0;

	(void)state;
	world_open(&world, geteuid());
	thread = g_thread_new("server", serve, &world);
	client = ipc_client_new(world.dir, ROLE_DESK, ROLE_CTL, 5000);
	for (int i = 0; i < 3; i++) {
		assert_true(ipc_call(client, PROTO_CTL_STATUS, &nothing, -1,
		    PROTO_CTL_STATUS_IS, &answer, NULL));
		assert_int_equal(answer.tickets_open, 42);
	}
	/* A type the role may not send is refused; the peer stays. */
	assert_false(ipc_call(client, PROTO_DESK_COMMITTED, &nothing, -1,
	    PROTO_CTL_STATUS_IS, &answer, &error));
	assert_true(error_is(error, ERROR_DENIED));
	assert_true(ipc_call(client, PROTO_CTL_STATUS, &nothing, -1,
	    PROTO_CTL_STATUS_IS, &answer, NULL));
	ipc_client_free(client);
	g_atomic_int_set(&world.stop, 1);
	g_thread_join(thread);
	assert_int_equal(world.handled, 4);
	world_close(&world);
}

static void
another_uid_is_refused(void **state)
{
	struct world world = {0};
	struct ipc_client *client;
	struct proto_ctl_status_is answer = {0};
	GThread *thread;
	char nothing = 0;

	(void)state;
	world_open(&world, geteuid() + 1);
	thread = g_thread_new("server", serve, &world);
	client = ipc_client_new(world.dir, ROLE_DESK, ROLE_CTL, 5000);
	assert_false(ipc_call(client, PROTO_CTL_STATUS, &nothing, -1,
	    PROTO_CTL_STATUS_IS, &answer, NULL));
	ipc_client_free(client);
	g_atomic_int_set(&world.stop, 1);
	g_thread_join(thread);
	assert_int_equal(world.handled, 0);
	world_close(&world);
}

static void
a_restarted_server_is_found_again(void **state)
{
	struct world world = {0};
	struct ipc_client *client;
	struct proto_ctl_status_is answer = {0};
	char nothing = 0;

	(void)state;
	world_open(&world, geteuid());
	client = ipc_client_new(world.dir, ROLE_DESK, ROLE_CTL, 5000);
	for (int i = 0; i < 2; i++) {
		GThread *thread = g_thread_new("server", serve, &world);

		assert_true(ipc_call(client, PROTO_CTL_STATUS, &nothing, -1,
		    PROTO_CTL_STATUS_IS, &answer, NULL));
		g_atomic_int_set(&world.stop, 1);
		g_thread_join(thread);
		world.stop = 0;
	}
	ipc_client_free(client);
	world_close(&world);
}

static void
bodies_must_be_sealed(void **state)
{
	struct world world = {0};
	struct ipc_client *client;
	struct proto_ctl_status_is answer = {0};
	g_autoptr(GError) sealed = NULL;
	g_autoptr(GError) open = NULL;
	GThread *thread;
	char nothing = 0;
	int body = ipc_body_new("hello", 5, NULL);
	int loose = memfd_create("loose", MFD_CLOEXEC);

	(void)state;
	assert_true(write(loose, "hello", 5) == 5);
	assert_true(write(body, "x", 1) < 0);
	world_open(&world, geteuid());
	thread = g_thread_new("server", serve, &world);
	client = ipc_client_new(world.dir, ROLE_DESK, ROLE_CTL, 5000);
	assert_false(ipc_call(client, PROTO_CTL_STATUS, &nothing, body,
	    PROTO_CTL_STATUS_IS, &answer, &sealed));
	assert_string_equal(sealed->message, "body of: 5");
	assert_false(ipc_call(client, PROTO_CTL_STATUS, &nothing, loose,
	    PROTO_CTL_STATUS_IS, &answer, &open));
	assert_true(error_is(open, ERROR_DENIED));
	ipc_client_free(client);
	close(body);
	close(loose);
	g_atomic_int_set(&world.stop, 1);
	g_thread_join(thread);
	world_close(&world);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(every_message_survives_its_way),
	    cmocka_unit_test(a_damaged_frame_is_refused_or_normal),
	    cmocka_unit_test(limits_hold_on_decoding),
	    cmocka_unit_test(a_verdict_may_come_alone),
	    cmocka_unit_test(errors_travel),
	    cmocka_unit_test(envelopes_survive_their_way),
	    cmocka_unit_test(envelopes_of_all_times_open),
	    cmocka_unit_test(largest_envelope_can_be_sealed),
	    cmocka_unit_test(nobody_says_more_than_the_table),
	    cmocka_unit_test(a_call_is_answered),
	    cmocka_unit_test(another_uid_is_refused),
	    cmocka_unit_test(a_restarted_server_is_found_again),
	    cmocka_unit_test(bodies_must_be_sealed),
	};

	log_init(ROLE_CTL, LOG_LEVEL_ERROR);
	return cmocka_run_group_tests_name("proto", tests, NULL, NULL);
}
