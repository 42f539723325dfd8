#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <glib/gstdio.h>

#include "archivist_tests.h"
#include "base/log.h"

#include "base/banned.h"

static void
remove_all(const char *path)
{
	GDir *dir = g_dir_open(path, 0, NULL);
	const char *name;

	while (dir != NULL && (name = g_dir_read_name(dir)) != NULL) {
		g_autofree char *inside = g_build_filename(path, name, NULL);

		remove_all(inside);
	}
	if (dir != NULL)
		g_dir_close(dir);
	(void)g_remove(path);
}

static int
make_dir(void **state)
{
	*state = g_dir_make_tmp("nd-archivist-XXXXXX", NULL);
	return *state != NULL ? 0 : -1;
}

static int
drop_dir(void **state)
{
	remove_all(*state);
	g_free(*state);
	return 0;
}

#define WITH_DIR(test)                                                         \
	cmocka_unit_test_setup_teardown(test, make_dir, drop_dir)

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    WITH_DIR(test_spool_order),
	    WITH_DIR(test_spool_names),
	    WITH_DIR(test_spool_held),
	    WITH_DIR(test_spool_full),
	    WITH_DIR(test_spool_tidy),
	    cmocka_unit_test(test_spool_nowhere),
	    cmocka_unit_test(test_archives_rest),
	    WITH_DIR(test_archivist_without_tls),
	    cmocka_unit_test(test_archived_answer),
	    cmocka_unit_test(test_archived_copy),
	    cmocka_unit_test(test_archived_strangers),
	    cmocka_unit_test(test_transcript),
	    cmocka_unit_test(test_transcript_cut),
	};

	log_init(ROLE_POST, LOG_LEVEL_ERROR);
	return cmocka_run_group_tests_name("archivist", tests, NULL, NULL);
}
