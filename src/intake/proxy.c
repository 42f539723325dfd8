#include "intake/proxy.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/error.h"
#include "base/log.h"
#include "intake/accept.h"

#include "base/banned.h"

#define NEVER G_MAXINT64

/* One source of the loop for each: the loop waits for a descriptor, a time, or
 * for both. */
struct watch {
	GSource source;
	struct proxy *proxy; /* borrowed */
	gpointer tag;	     /* of fd while it is waited for, or NULL */
	int fd;
};

/* One session. While it is in hand, a thread alone may touch it. */
struct peer {
	struct watch watch;	 /* first, as GSource wants it; owns fd */
	struct session *session; /* own */
	GList link;		 /* in proxy->peers */
	GByteArray *rest;	 /* own; what was read and not yet fed */
	gsize rest_at;
	gsize text_len;	      /* its share of proxy->text_len */
	gint64 idle_by_ms;    /* when the next octets must be there */
	gint64 message_by_ms; /* when the message in hand must be complete */
	gint64 write_by_ms;   /* when replies must be written, 0: none wait */
	gboolean in_hand;
	GBytes *message;		 /* own; in hand */
	enum proto_mail_outcome outcome; /* 0: no thread has begun */
};

struct proxy {
	const struct proxy_options *options;
	proxy_deliver deliver;
	gpointer user_data;
	GMainContext *context;	/* own */
	GThreadPool *pool;	/* own */
	struct watch *listener; /* own, as the next two */
	struct watch *signals;
	struct watch *wake; /* set ready by a thread that is done */
	GQueue peers;	    /* borrowed: a peer frees itself */
	gsize text_len;	    /* octets of all messages */
	guint8 *buffer;	    /* own; ACCEPT_BUFFER */
	gint64 stop_ms;	    /* when to stop was asked, 0 before */
	gboolean failed;

	/* Not a GMutex, of which ThreadSanitizer knows nothing. */
	pthread_mutex_t lock; /* for the next two */
	GQueue todo;	      /* borrowed peers, whose message waits */
	GQueue done;	      /* borrowed peers */
};

static void peer_step(struct peer *peer);

static gint64
now_ms(void)
{
	return g_get_monotonic_time() / 1000;
}

/* --- watches ------------------------------------------------------------ */

static struct watch *
watch_new(struct proxy *proxy, GSourceFuncs *funcs, gsize size, int take_fd)
{
	struct watch *watch = (struct watch *)g_source_new(funcs, (guint)size);

	watch->proxy = proxy;
	watch->fd = take_fd;
	g_source_attach(&watch->source, proxy->context);
	return watch;
}

/* events: 0 for none. A descriptor that nothing is wanted of is not polled at
 * all: its end would be reported again and again. */
static void
watch_for(struct watch *watch, GIOCondition events, gint64 until_ms)
{
	if (watch->tag != NULL && events != 0)
		g_source_modify_unix_fd(&watch->source, watch->tag, events);
	else if (watch->tag != NULL)
		g_source_remove_unix_fd(
		    &watch->source, g_steal_pointer(&watch->tag));
	else if (events != 0)
		watch->tag =
		    g_source_add_unix_fd(&watch->source, watch->fd, events);
	g_source_set_ready_time(
	    &watch->source, until_ms == NEVER ? -1 : until_ms * 1000);
}

static GIOCondition
watch_events(struct watch *watch)
{
	return watch->tag != NULL
		   ? g_source_query_unix_fd(&watch->source, watch->tag)
		   : 0;
}

static void
watch_free(struct watch *watch)
{
	if (watch == NULL)
		return;
	g_source_destroy(&watch->source);
	g_source_unref(&watch->source);
}

/* --- threads ------------------------------------------------------------ */

/* A sender that has gone comes again: what it left is not worth a worker. */
static gboolean
peer_is_gone(const struct peer *peer)
{
	struct pollfd pfd = {.fd = peer->watch.fd, .events = POLLRDHUP};

	return poll(&pfd, 1, 0) == 1;
}

static struct peer *
queue_take(struct proxy *proxy, GQueue *queue)
{
	struct peer *peer;

	pthread_mutex_lock(&proxy->lock);
	peer = g_queue_pop_head(queue);
	pthread_mutex_unlock(&proxy->lock);
	return peer;
}

static void
queue_put(struct proxy *proxy, GQueue *queue, struct peer *peer)
{
	pthread_mutex_lock(&proxy->lock);
	g_queue_push_tail(queue, peer);
	pthread_mutex_unlock(&proxy->lock);
}

/* In a thread of the pool: one message, if it was not taken back. */
static void
thread_deliver(gpointer data, gpointer user_data)
{
	struct proxy *proxy = user_data;
	struct peer *peer = queue_take(proxy, &proxy->todo);

	(void)data;
	if (peer == NULL)
		return;
	if (!peer_is_gone(peer))
		peer->outcome = proxy->deliver(session_envelope(peer->session),
		    peer->message, proxy->user_data);
	g_clear_pointer(&peer->message, g_bytes_unref);
	queue_put(proxy, &proxy->done, peer);
	g_source_set_ready_time(&proxy->wake->source, 0);
}

/* --- memory ------------------------------------------------------------- */

static struct peer *
proxy_find_biggest(const struct proxy *proxy)
{
	struct peer *biggest = NULL;

	for (const GList *l = proxy->peers.head; l != NULL; l = l->next) {
		struct peer *peer = l->data;

		if (!peer->in_hand && peer->text_len > 0 &&
		    (biggest == NULL || peer->text_len > biggest->text_len))
			biggest = peer;
	}
	return biggest;
}

static void
peer_set_text(struct peer *peer, gsize len)
{
	peer->watch.proxy->text_len += len - peer->text_len;
	peer->text_len = len;
}

static void
peer_account(struct peer *peer)
{
	struct proxy *proxy = peer->watch.proxy;

	peer_set_text(peer, session_text_len(peer->session));
	while (proxy->text_len > proxy->options->memory_max) {
		struct peer *biggest = proxy_find_biggest(proxy);

		/* What is in hand was within the limit when it was taken. */
		g_assert(biggest != NULL);
		session_drop_text(biggest->session);
		peer_set_text(biggest, 0);
	}
}

/* --- a session ---------------------------------------------------------- */

static void
peer_free(struct peer *peer)
{
	struct proxy *proxy = peer->watch.proxy;

	peer_set_text(peer, 0);
	g_queue_unlink(&proxy->peers, &peer->link);
	session_free(peer->session);
	g_byte_array_unref(peer->rest);
	watch_for(&peer->watch, 0, NEVER);
	accept_close(peer->watch.fd, proxy->buffer);
	/* There is room for one more now. */
	if (proxy->stop_ms == 0)
		watch_for(proxy->listener, G_IO_IN, NEVER);
	watch_free(&peer->watch);
}

/* No wait outlasts the grace that a stop leaves. */
static void
peer_wait(struct peer *peer, GIOCondition events, gint64 until_ms)
{
	gint64 stop_ms = peer->watch.proxy->stop_ms;

	if (stop_ms != 0)
		until_ms = MIN(until_ms, stop_ms + ACCEPT_GRACE_MS);
	watch_for(&peer->watch, events, until_ms);
}

static void
peer_start_message(struct peer *peer)
{
	gint64 idle_ms = peer->watch.proxy->options->idle_ms;

	peer->idle_by_ms = now_ms() + idle_ms;
	peer->message_by_ms = now_ms() + ACCEPT_MESSAGE_IDLES * idle_ms;
}

/* Writes what can be written now; FALSE if the client takes no more. */
static gboolean
peer_flush(struct peer *peer)
{
	GString *output = session_output(peer->session);
	gint64 idle_ms = peer->watch.proxy->options->idle_ms;

	while (output->len > 0) {
		ssize_t n = send(peer->watch.fd, output->str, output->len,
		    MSG_DONTWAIT | MSG_NOSIGNAL);

		if (n > 0)
			g_string_erase(output, 0, n);
		else if (errno == EAGAIN || errno == EWOULDBLOCK)
			break;
		else if (errno != EINTR)
			return FALSE;
	}
	if (output->len == 0 && peer->write_by_ms != 0) {
		peer->write_by_ms = 0;
		peer->idle_by_ms = now_ms() + idle_ms;
	} else if (output->len > 0 && peer->write_by_ms == 0) {
		peer->write_by_ms = now_ms() + idle_ms;
	}
	return TRUE;
}

/* Feeds what is there as far as the session takes it; the rest waits. */
static void
peer_feed(struct peer *peer)
{
	GByteArray *rest = peer->rest;

	peer->rest_at += session_feed(peer->session, rest->data + peer->rest_at,
	    rest->len - peer->rest_at);
	if (peer->rest_at == rest->len) {
		g_byte_array_set_size(rest, 0);
		peer->rest_at = 0;
	}
	peer_account(peer);
}

static void
peer_hand_over(struct peer *peer)
{
	struct proxy *proxy = peer->watch.proxy;

	peer->in_hand = TRUE;
	peer->outcome = 0;
	peer->message = session_message(peer->session);
	watch_for(&peer->watch, 0, NEVER);
	queue_put(proxy, &proxy->todo, peer);
	g_thread_pool_push(proxy->pool, proxy, NULL);
}

/* The thread that had it is done, or never had it. */
static void
peer_take_back(struct peer *peer)
{
	struct session *session = peer->session;

	g_clear_pointer(&peer->message, g_bytes_unref);
	peer->in_hand = FALSE;
	peer_set_text(peer, 0);
	if (peer->outcome != 0) {
		const struct smtp_reply reply = reply_of(peer->outcome);

		session_verdict(session, 0, &reply);
		session_resume(session);
		peer_start_message(peer);
	}
	if (peer->outcome == 0 || peer->watch.proxy->stop_ms != 0)
		session_abort(session, &reply_stopping);
	peer_step(peer);
}

/* Goes on until there is something to wait for, or nothing any more. */
static void
peer_step(struct peer *peer)
{
	for (;;) {
		if (!peer_flush(peer)) {
			peer_free(peer);
			return;
		}
		if (session_output(peer->session)->len > 0) {
			peer_wait(peer, G_IO_OUT, peer->write_by_ms);
			return;
		}
		switch (session_want(peer->session)) {
		case SESSION_CLOSE:
			peer_free(peer);
			return;
		case SESSION_MESSAGE:
			peer_hand_over(peer);
			return;
		case SESSION_INPUT:
			break;
		}
		if (peer->rest->len == 0) {
			peer_wait(peer, G_IO_IN,
			    MIN(peer->idle_by_ms, peer->message_by_ms));
			return;
		}
		peer_feed(peer);
	}
}

/* FALSE if the client is gone. */
static gboolean
peer_read(struct peer *peer)
{
	struct proxy *proxy = peer->watch.proxy;
	ssize_t n =
	    recv(peer->watch.fd, proxy->buffer, ACCEPT_BUFFER, MSG_DONTWAIT);

	if (n < 0)
		return errno == EINTR || errno == EAGAIN ||
		       errno == EWOULDBLOCK;
	g_byte_array_append(peer->rest, proxy->buffer, (guint)n);
	peer->idle_by_ms = now_ms() + proxy->options->idle_ms;
	return n > 0;
}

/* FALSE if there is nobody left to tell. */
static gboolean
peer_time_out(struct peer *peer)
{
	if (peer->write_by_ms != 0)
		return FALSE;
	session_abort(peer->session,
	    peer->watch.proxy->stop_ms != 0 ? &reply_stopping : &reply_idle);
	return TRUE;
}

static gboolean
peer_dispatch(GSource *source, GSourceFunc callback, gpointer user_data)
{
	struct peer *peer = (struct peer *)source;
	GIOCondition events = watch_events(&peer->watch);
	gboolean ok = TRUE;

	(void)callback;
	(void)user_data;
	if (events == 0)
		ok = peer_time_out(peer);
	else if (peer->write_by_ms == 0)
		ok = peer_read(peer);
	if (ok)
		peer_step(peer);
	else
		peer_free(peer);
	return G_SOURCE_CONTINUE;
}

static GSourceFuncs peer_funcs = {.dispatch = peer_dispatch};

static void
peer_start(struct proxy *proxy, int take_fd)
{
	struct peer *peer = (struct peer *)watch_new(
	    proxy, &peer_funcs, sizeof(struct peer), take_fd);

	peer->session = session_new(
	    &proxy->options->limits, proxy->options->check, proxy->user_data);
	peer->rest = g_byte_array_new();
	peer->link.data = peer;
	g_queue_push_tail_link(&proxy->peers, &peer->link);
	peer_start_message(peer);
	peer_step(peer);
}

/* --- the loop ----------------------------------------------------------- */

/* Between two messages there is nothing to finish; what no thread has begun
 * with comes again. */
static void
proxy_stop(struct proxy *proxy)
{
	struct peer *peer;
	GList *next;

	if (proxy->stop_ms != 0)
		return;
	proxy->stop_ms = now_ms();
	watch_for(proxy->listener, 0, NEVER);
	while ((peer = queue_take(proxy, &proxy->todo)) != NULL)
		peer_take_back(peer);
	for (GList *l = proxy->peers.head; l != NULL; l = next) {
		peer = l->data;
		next = l->next;
		if (peer->in_hand)
			continue;
		if (!session_is_in_data(peer->session))
			session_abort(peer->session, &reply_stopping);
		peer_step(peer);
	}
}

static gboolean
signals_dispatch(GSource *source, GSourceFunc callback, gpointer user_data)
{
	struct watch *watch = (struct watch *)source;
	struct signalfd_siginfo info;

	(void)callback;
	(void)user_data;
	if (read(watch->fd, &info, sizeof(info)) == (ssize_t)sizeof(info))
		proxy_stop(watch->proxy);
	return G_SOURCE_CONTINUE;
}

static gboolean
wake_dispatch(GSource *source, GSourceFunc callback, gpointer user_data)
{
	struct proxy *proxy = ((struct watch *)source)->proxy;
	struct peer *peer;

	(void)callback;
	(void)user_data;
	/* Before the queue is looked at: who comes later sets it again. */
	g_source_set_ready_time(source, -1);
	while ((peer = queue_take(proxy, &proxy->done)) != NULL)
		peer_take_back(peer);
	return G_SOURCE_CONTINUE;
}

static gboolean
listener_dispatch(GSource *source, GSourceFunc callback, gpointer user_data)
{
	struct watch *watch = (struct watch *)source;
	struct proxy *proxy = watch->proxy;
	GIOCondition wanted = G_IO_IN;
	gint64 again_ms = NEVER;
	int fd;

	(void)callback;
	(void)user_data;
	switch (accept_one(watch->fd, &fd)) {
	case ACCEPT_ONE:
		peer_start(proxy, fd);
		break;
	case ACCEPT_NONE:
		break;
	case ACCEPT_LATER:
		wanted = 0;
		again_ms = now_ms() + ACCEPT_PAUSE_MS;
		break;
	case ACCEPT_NEVER:
		proxy->failed = TRUE;
		proxy_stop(proxy);
		return G_SOURCE_CONTINUE;
	}
	if (proxy->peers.length >= proxy->options->sessions)
		wanted = 0;
	watch_for(watch, wanted, again_ms);
	return G_SOURCE_CONTINUE;
}

static GSourceFuncs signals_funcs = {.dispatch = signals_dispatch};
static GSourceFuncs wake_funcs = {.dispatch = wake_dispatch};
static GSourceFuncs listener_funcs = {.dispatch = listener_dispatch};

static gboolean
proxy_open(struct proxy *proxy, GError **err)
{
	g_autoptr(GError) no_threads = NULL;
	sigset_t term;
	int fd;

	if (!accept_prepare(proxy->options->listen_fd, err))
		return FALSE;
	sigemptyset(&term);
	sigaddset(&term, SIGTERM);
	fd = signalfd(-1, &term, SFD_CLOEXEC | SFD_NONBLOCK);
	if (fd < 0)
		return error_fail_errno(err, ERROR_TEMP, "watch for signals");
	proxy->signals =
	    watch_new(proxy, &signals_funcs, sizeof(struct watch), fd);
	watch_for(proxy->signals, G_IO_IN, NEVER);
	proxy->wake = watch_new(proxy, &wake_funcs, sizeof(struct watch), -1);
	proxy->listener = watch_new(proxy, &listener_funcs,
	    sizeof(struct watch), proxy->options->listen_fd);
	watch_for(proxy->listener, G_IO_IN, NEVER);
	/* All at once, and here, so that they inherit the blocked signals. */
	proxy->pool = g_thread_pool_new(thread_deliver, proxy,
	    (gint)proxy->options->threads, TRUE, &no_threads);
	if (no_threads != NULL)
		return error_fail(err, ERROR_TEMP, "cannot start threads");
	return TRUE;
}

static void
proxy_close(struct proxy *proxy)
{
	if (proxy->pool != NULL)
		g_thread_pool_free(proxy->pool, FALSE, TRUE);
	if (proxy->signals != NULL)
		close(proxy->signals->fd);
	watch_free(proxy->signals);
	watch_free(proxy->wake);
	watch_free(proxy->listener);
	g_main_context_unref(proxy->context);
	pthread_mutex_destroy(&proxy->lock);
	g_free(proxy->buffer);
}

static void
proxy_loop(struct proxy *proxy)
{
	if (*proxy->options->stop != 0)
		proxy_stop(proxy);
	while (proxy->stop_ms == 0 || proxy->peers.length > 0)
		(void)g_main_context_iteration(proxy->context, TRUE);
}

gboolean
proxy_run(const struct proxy_options *options, proxy_deliver deliver,
    gpointer user_data)
{
	struct proxy proxy = {
	    .options = options,
	    .deliver = deliver,
	    .user_data = user_data,
	    .context = g_main_context_new(),
	    .buffer = g_malloc(ACCEPT_BUFFER),
	    .lock = PTHREAD_MUTEX_INITIALIZER,
	};
	g_autoptr(GError) err = NULL;
	sigset_t blocked;
	sigset_t before;

	g_assert(options->limits.protocol == SESSION_SMTP);
	sigemptyset(&blocked);
	sigaddset(&blocked, SIGTERM);
	pthread_sigmask(SIG_BLOCK, &blocked, &before);
	if (proxy_open(&proxy, &err)) {
		proxy_loop(&proxy);
	} else {
		log_error("intake.listen", LOG_ERR(err));
		proxy.failed = TRUE;
	}
	proxy_close(&proxy);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	return !proxy.failed;
}
