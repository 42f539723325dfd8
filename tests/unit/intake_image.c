/* What the worker makes of the image role's answers. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <glib/gstdio.h>

#include <cmocka.h>

#include "base/error.h"
#include "intake.h"
#include "intake/image.h"

#include "base/banned.h"

#define NEW "\x89PNG new"

enum mood { GOOD, LOOSE, NO_BODY, EMPTY, TOO_LONG, BAD_TYPE, NO_TYPE, REFUSES,
	FAILS, DENIES, MOODS };

struct world {
	char *dir; /* own */
	int listener;
	enum mood mood;
	gboolean has_octets; /* what was sent arrived as it was */
	volatile gint stop;
};

static int
body_make(enum mood mood)
{
	g_autofree guint8 *much = NULL;
	int fd;

	switch (mood) {
	case NO_BODY:
		return -1;
	case EMPTY:
		return ipc_body_new("", 0, NULL);
	case TOO_LONG:
		much = g_malloc0(IMAGE_OCTETS_MAX + 1);
		return ipc_body_new(much, IMAGE_OCTETS_MAX + 1, NULL);
	case LOOSE:
		fd = memfd_create("loose", MFD_CLOEXEC | MFD_ALLOW_SEALING);
		assert_int_equal(write(fd, NEW, strlen(NEW)), strlen(NEW));
		return fd;
	default:
		return ipc_body_new(NEW, strlen(NEW), NULL);
	}
}

static void
on_request(struct ipc_peer *peer, enum role role, GBytes *frame, int fd,
    gpointer user_data)
{
	struct world *world = user_data;
	struct proto_image_cleaned answer = {(char *)"image/png", 3, 2};
	g_autoptr(GBytes) sent = ipc_body_map(fd, NULL);
	g_autoptr(GError) error = NULL;
	int body;

	(void)role;
	(void)frame;
	close(fd);
	world->has_octets = sent != NULL && g_bytes_get_size(sent) == 3 &&
	    memcmp(g_bytes_get_data(sent, NULL), "old", 3) == 0;
	if (world->mood == BAD_TYPE || world->mood == NO_TYPE)
		answer.type = (char *)(world->mood == NO_TYPE
			? "" : "image/png\r\nX: y");
	if (world->mood >= REFUSES) {
		error_fail(&error, world->mood == REFUSES ? ERROR_PERM
			: world->mood == FAILS		  ? ERROR_TEMP
							  : ERROR_DENIED,
		    "told so");
		ipc_answer_error(peer, error);
		return;
	}
	body = body_make(world->mood);
	ipc_answer_body(peer, PROTO_IMAGE_CLEANED, &answer, body);
	if (body >= 0)
		close(body);
}

static gpointer
serve(gpointer data)
{
	struct world *world = data;
	struct ipc_server *server =
	    ipc_server_new(ROLE_IMAGE, on_request, NULL, world);

	ipc_server_listen(server, dup(world->listener), ROLE_LMTP, geteuid());
	while (!g_atomic_int_get(&world->stop))
		(void)ipc_server_poll(server, 10);
	ipc_server_free(server);
	return NULL;
}

static void
world_open(struct world *world)
{
	world->dir = g_dir_make_tmp("nd-image-XXXXXX", NULL);
	world->listener = ipc_listen(world->dir, ROLE_IMAGE, ROLE_LMTP,
	    geteuid(), NULL);
	assert_true(world->listener >= 0);
}

static void
world_close(struct world *world)
{
	g_autofree char *path =
	    g_build_filename(world->dir, "image.lmtp", NULL);

	close(world->listener);
	(void)g_unlink(path);
	(void)g_rmdir(world->dir);
	g_free(world->dir);
}

static void
check_answer(struct ipc_client *client, enum image_result wanted)
{
	g_autoptr(GBytes) old = g_bytes_new_static("old", 3);
	g_autoptr(GBytes) cleaned = NULL;
	g_autofree char *type = NULL;
	g_autoptr(GError) error = NULL;

	assert_int_equal(image_clean(client, old, &cleaned, &type, &error),
	    wanted);
	assert_int_equal(cleaned != NULL, wanted == IMAGE_CLEANED);
	assert_int_equal(type != NULL, wanted == IMAGE_CLEANED);
	assert_int_equal(error != NULL, wanted == IMAGE_FAILED);
	if (cleaned == NULL)
		return;
	assert_string_equal(type, "image/png");
	assert_int_equal(g_bytes_get_size(cleaned), strlen(NEW));
	assert_memory_equal(g_bytes_get_data(cleaned, NULL), NEW, strlen(NEW));
}

static void
test_answers(void **state)
{
	static const enum image_result wanted[MOODS] = {
	    [GOOD] = IMAGE_CLEANED,
	    [LOOSE] = IMAGE_FAILED,
	    [NO_BODY] = IMAGE_FAILED,
	    [EMPTY] = IMAGE_FAILED,
	    [TOO_LONG] = IMAGE_FAILED,
	    [BAD_TYPE] = IMAGE_FAILED,
	    [NO_TYPE] = IMAGE_FAILED,
	    [REFUSES] = IMAGE_REFUSED,
	    [FAILS] = IMAGE_FAILED,
	    [DENIES] = IMAGE_FAILED,
	};
	struct world world = {0};
	struct ipc_client *client;
	GThread *thread;

	(void)state;
	world_open(&world);
	thread = g_thread_new("server", serve, &world);
	client = ipc_client_new(world.dir, ROLE_IMAGE, ROLE_LMTP, 5000);
	for (enum mood mood = GOOD; mood < MOODS; mood++) {
		world.mood = mood;
		world.has_octets = FALSE;
		check_answer(client, wanted[mood]);
		assert_true(world.has_octets);
	}
	g_atomic_int_set(&world.stop, 1);
	g_thread_join(thread);
	ipc_client_free(client);
	world_close(&world);
}

static void
test_role_away(void **state)
{
	struct world world = {0};
	struct ipc_client *client;

	(void)state;
	world_open(&world);
	client = ipc_client_new(world.dir, ROLE_IMAGE, ROLE_LMTP, 100);
	check_answer(client, IMAGE_FAILED);
	ipc_client_free(client);
	world_close(&world);
	client = ipc_client_new("/nonexistent", ROLE_IMAGE, ROLE_LMTP, 100);
	check_answer(client, IMAGE_FAILED);
	ipc_client_free(client);
}

/* Nobody is asked. */
static void
test_lengths(void **state)
{
	static const gsize lengths[] = {0, IMAGE_OCTETS_MAX + 1};
	struct ipc_client *client =
	    ipc_client_new("/nonexistent", ROLE_IMAGE, ROLE_LMTP, 100);

	(void)state;
	for (gsize i = 0; i < G_N_ELEMENTS(lengths); i++) {
		g_autoptr(GBytes) octets = g_bytes_new_take(
		    g_malloc0(lengths[i]), lengths[i]);
		g_autoptr(GBytes) cleaned = NULL;
		g_autofree char *type = NULL;

		assert_int_equal(image_clean(client, octets, &cleaned, &type,
		    NULL), IMAGE_REFUSED);
	}
	ipc_client_free(client);
}

int
test_intake_image(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_answers),
	    cmocka_unit_test(test_role_away),
	    cmocka_unit_test(test_lengths),
	};

	return cmocka_run_group_tests_name("image", tests, NULL, NULL);
}
