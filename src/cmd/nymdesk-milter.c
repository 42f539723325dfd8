#include <malloc.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/error.h"
#include "base/log.h"
#include "cmd/role_main.h"
#include "intake/front.h"
#include "intake/milter.h"
#include "intake/place.h"

#include "base/banned.h"

/* A thread for each mail at a time: Postfix has a hundred sessions by default,
 * and nothing here has deep stacks or needs an arena of its own. */
#ifdef ND_SANITIZED
#define STACK_SIZE (8 * 1024 * 1024) /* the sanitizers keep much there */
#else
#define STACK_SIZE (512 * 1024)
#endif
#define ARENAS 4

/* A signal that came just before a wait is seen after so long. */
#define WAIT_MS 500
/* libmilter writes a reply after we gave it. */
#define REPLY_MS 100

static gboolean
threads_prepare(GError **err)
{
	pthread_attr_t attr;
	gboolean ok;

	(void)mallopt(M_ARENA_MAX, ARENAS);
	if (pthread_attr_init(&attr) != 0)
		return error_fail(err, ERROR_TEMP, "cannot prepare threads");
	ok = pthread_attr_setstacksize(&attr, STACK_SIZE) == 0 &&
	    pthread_setattr_default_np(&attr) == 0;
	(void)pthread_attr_destroy(&attr);
	return ok || error_fail(err, ERROR_TEMP, "cannot set a thread's stack");
}

/* libmilter's threads inherit the mask. One of them waits for SIGTERM, which
 * would end sessions under the hands of the others; the kernel gives a signal
 * to the main thread first if that does not block it, and it never does. */
static gpointer
serve(gpointer unused)
{
	sigset_t all;

	(void)unused;
	sigfillset(&all);
	(void)pthread_sigmask(SIG_BLOCK, &all, NULL);
	milter_serve();
	log_error("milter.ended");
	_exit(1);
}

/* Nobody can connect any more, who has a session is told to come again, and
 * what is in hand gets its answer. smfi_stop() is of no use: it frees sessions
 * in which a callback runs. */
static void
stop(const char *path)
{
	milter_retire();
	(void)unlink(path);
	while (milter_in_hand() > 0)
		g_usleep(G_USEC_PER_SEC / 100);
	g_usleep(REPLY_MS * 1000);
}

int
main(void)
{
	struct role_start start;
	struct milter_settings settings;
	g_autoptr(GError) error = NULL;

	role_start(ROLE_MILTER, &start);
	settings = (struct milter_settings){
	    .listen = start.config->milter_listen,
	    .run_dir = start.config->run_dir,
	    .limits = {.text = {.size_max =
				    (gsize)start.config->lmtp_size_max,
			   .header_max = MESSAGE_HEADER_MAX,
			   .line_max = MESSAGE_LINE_MAX},
		.rcpt_max = MIN((guint)start.config->lmtp_rcpt_max,
		    FRONT_RCPTS_MAX),
		.transport = start.config->milter_transport,
		.check = place_check,
		.user_data = start.config}};
	/* Postfix has to write to it; who else may, its directory decides
	 * (cmd/directories.h). */
	umask(0111);
	if (!threads_prepare(&error) || !milter_open(&settings, &error)) {
		log_error("milter.start", LOG_ERR(error));
		return 1;
	}
	g_thread_unref(g_thread_new("milter", serve, NULL));
	while (!role_stop)
		(void)poll(NULL, 0, WAIT_MS);
	stop(settings.listen + strlen("unix:"));
	/* Threads of libmilter still wait for their clients. */
	_exit(0);
}
