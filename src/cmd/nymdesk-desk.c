#include <fcntl.h>
#include <string.h>
#include <sys/file.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "base/error.h"
#include "base/log.h"
#include "cmd/role_main.h"
#include "desk/control.h"
#include "desk/desk.h"
#include "desk/in_hand.h"
#include "proto/ipc.h"
#include "store/store.h"

#include "base/banned.h"

#define POLL_MAX_MS 1000
#define SPACE_MIN (1024 * 1024) /* octets: more than a turn writes */
#define QUIET_MS 1000 /* then the database is tidied */
#define SLOTS_MAX 128 /* hand_over and notice together, at most */

/* A request that changes something: part of a turn, answered after it. */
struct request {
	struct ipc_peer *peer;
	enum proto_type type;
	union {
		struct proto_desk_commit commit;
		struct proto_desk_take take;
		struct proto_desk_work work;
		struct proto_desk_steer steer;
		struct proto_ctl_forget forget;
		struct proto_ctl_post post;
		struct proto_ctl_vip vip;
	} in;
	gint64 until_ms; /* an empty answer must be given by then */
	struct proto_desk_jobs jobs;
	struct proto_ctl_forget_is forgotten;
	struct proto_ctl_post_is post;
	struct proto_ctl_vip_is vip;
	struct proto_desk_steered steered;
	GError *error;
};

struct room {
	const char *dir; /* borrowed: of the database */
	struct store *store;
	struct desk *desk;
	struct in_hand *hands;
	GPtrArray *turn;    /* struct request: to do and answer now */
	GPtrArray *waiting; /* struct request: posts that wait for jobs */
};

static gint64
now_s(void)
{
	return g_get_real_time() / G_USEC_PER_SEC;
}

static gint64
now_ms(void)
{
	return g_get_monotonic_time() / 1000;
}

static void
request_free(gpointer data)
{
	struct request *r = data;

	proto_clear(r->type, &r->in);
	proto_clear(PROTO_DESK_JOBS, &r->jobs);
	proto_clear(PROTO_DESK_STEERED, &r->steered);
	g_clear_error(&r->error);
	g_free(r);
}

/* --- requests that only look -------------------------------------------- */

/* Asked before a copy is handed over: a mail that could not be committed
 * afterwards must not get so far. */
static gboolean
space_check(const struct room *room, GError **err)
{
	struct statvfs fs;

	if (statvfs(room->dir, &fs) != 0)
		return error_fail_errno(err, ERROR_TEMP,
		    "cannot look at state_dir");
	if ((guint64)fs.f_bavail * fs.f_frsize < SPACE_MIN)
		return error_fail(err, ERROR_TEMP,
		    "the file system of state_dir is full: free some space");
	return TRUE;
}

/* A way that changes a mail leaves it its Message-ID: one of them at a time,
 * so that the next one finds the ticket of the first. */
static const struct proto_key *
hand_key(const struct proto_desk_admit *mail)
{
	for (guint i = 0; mail->clues != NULL && i < mail->clues->len; i++) {
		const struct proto_clue *clue =
		    &g_array_index(mail->clues, struct proto_clue, i);

		if (clue->kind == PROTO_CLUE_ID)
			return &clue->key;
	}
	return &g_array_index(mail->epochs, struct proto_epoch_ids, 0)
		    .fingerprint;
}

/* Whoever would commit it must be the only one. */
static gboolean
hand_take(struct room *room, const struct ipc_peer *peer,
    const struct proto_desk_admit *mail,
    const struct proto_desk_admitted *answer, GError **err)
{
	in_hand_drop(room->hands, peer);
	if (answer->verdict != PROTO_NEW && answer->verdict != PROTO_FOLLOW_UP &&
	    answer->verdict != PROTO_BOUNCE)
		return TRUE;
	return in_hand_take(room->hands, peer, hand_key(mail), err);
}

static gboolean
admit(struct room *room, GBytes *frame, struct ipc_peer *peer, GError **err)
{
	struct proto_desk_admit request = {0};
	struct proto_desk_admitted answer = {0};
	gboolean ok = space_check(room, err) &&
	    proto_decode(frame, PROTO_DESK_ADMIT, &request, err) &&
	    desk_admit(room->desk, &request, now_s(), &answer, err) &&
	    hand_take(room, peer, &request, &answer, err);

	if (ok)
		ipc_answer(peer, PROTO_DESK_ADMITTED, &answer);
	proto_clear(PROTO_DESK_ADMIT, &request);
	proto_clear(PROTO_DESK_ADMITTED, &answer);
	return ok;
}

static gboolean
tell(struct room *room, GBytes *frame, struct ipc_peer *peer, GError **err)
{
	struct proto_desk_tell request = {0};

	if (!proto_decode(frame, PROTO_DESK_TELL, &request, err) ||
	    !desk_tell(room->desk, &request, now_s(), err))
		return FALSE;
	ipc_answer(peer, PROTO_DESK_TELL_ON, "");
	return TRUE;
}

static gboolean
status(struct room *room, struct ipc_peer *peer, GError **err)
{
	struct proto_ctl_status_is answer = {0};

	if (!control_status(room->store, now_s(), &answer, err) ||
	    !desk_status(room->desk, now_s(), &answer, err))
		return FALSE;
	ipc_answer(peer, PROTO_CTL_STATUS_IS, &answer);
	return TRUE;
}

static gboolean
list(struct room *room, GBytes *frame, struct ipc_peer *peer, GError **err)
{
	struct proto_ctl_list request = {0};
	struct proto_ctl_list_is answer = {0};
	gboolean ok = proto_decode(frame, PROTO_CTL_LIST, &request, err) &&
	    control_list(room->store, &request, &answer, err);

	if (ok)
		ipc_answer(peer, PROTO_CTL_LIST_IS, &answer);
	proto_clear(PROTO_CTL_LIST, &request);
	proto_clear(PROTO_CTL_LIST_IS, &answer);
	return ok;
}

static gboolean
numbers(struct room *room, GBytes *frame, struct ipc_peer *peer, GError **err)
{
	struct proto_ctl_numbers request = {0};
	struct proto_ctl_numbers_are answer = {0};
	gboolean ok = proto_decode(frame, PROTO_CTL_NUMBERS, &request, err) &&
	    control_numbers(room->store, &request, now_s(), &answer, err);

	if (ok)
		ipc_answer(peer, PROTO_CTL_NUMBERS_ARE, &answer);
	proto_clear(PROTO_CTL_NUMBERS_ARE, &answer);
	return ok;
}

static gboolean
show(struct room *room, GBytes *frame, struct ipc_peer *peer, GError **err)
{
	struct proto_ctl_show request = {0};
	struct proto_ctl_show_is answer = {0};
	gboolean ok = proto_decode(frame, PROTO_CTL_SHOW, &request, err) &&
	    control_show(room->store, &request, &answer, err);

	if (ok)
		ipc_answer(peer, PROTO_CTL_SHOW_IS, &answer);
	proto_clear(PROTO_CTL_SHOW_IS, &answer);
	return ok;
}

/* --- requests of a turn --------------------------------------------------- */

static gboolean
enqueue(struct room *room, GBytes *frame, struct ipc_peer *peer, GError **err)
{
	struct request *r = g_new0(struct request, 1);

	r->peer = peer;
	r->type = proto_frame_type(frame);
	if (!proto_decode(frame, r->type, &r->in, err)) {
		g_free(r);
		return FALSE;
	}
	if (r->type == PROTO_DESK_WORK)
		r->until_ms = now_ms() + r->in.work.wait_ms;
	g_ptr_array_add(room->turn, r);
	return TRUE;
}

static void
on_request(struct ipc_peer *peer, enum role role, GBytes *frame, int fd,
    gpointer user_data)
{
	struct room *room = user_data;
	g_autoptr(GError) error = NULL;
	gboolean ok;

	(void)role;
	if (fd >= 0)
		close(fd);
	switch (proto_frame_type(frame)) {
	case PROTO_DESK_ADMIT:
		ok = admit(room, frame, peer, &error);
		break;
	case PROTO_DESK_TELL:
		ok = tell(room, frame, peer, &error);
		break;
	case PROTO_CTL_STATUS:
		ok = status(room, peer, &error);
		break;
	case PROTO_CTL_LIST:
		ok = list(room, frame, peer, &error);
		break;
	case PROTO_CTL_SHOW:
		ok = show(room, frame, peer, &error);
		break;
	case PROTO_CTL_NUMBERS:
		ok = numbers(room, frame, peer, &error);
		break;
	default:
		ok = enqueue(room, frame, peer, &error);
		break;
	}
	if (!ok)
		ipc_answer_error(peer, error);
}

static void
forget_peer(GPtrArray *requests, const struct ipc_peer *peer)
{
	for (guint i = requests->len; i-- > 0;) {
		struct request *r = g_ptr_array_index(requests, i);

		if (r->peer == peer)
			g_ptr_array_remove_index(requests, i);
	}
}

/* What the peer asked for in this turn is done all the same (a settlement
 * must not get lost), only nobody is answered. */
static void
on_hangup(struct ipc_peer *peer, gpointer user_data)
{
	struct room *room = user_data;

	in_hand_drop(room->hands, peer);
	forget_peer(room->waiting, peer);
	for (guint i = 0; i < room->turn->len; i++) {
		struct request *r = g_ptr_array_index(room->turn, i);

		if (r->peer == peer)
			r->peer = NULL;
	}
}

static void
request_do(struct room *room, struct request *r, gint64 now)
{
	/* Nobody would send what a dead post claims. */
	if (r->peer == NULL && r->type == PROTO_DESK_WORK)
		r->in.work.want = 0;
	if (r->type == PROTO_DESK_COMMIT)
		(void)desk_commit(room->desk, &r->in.commit, now, &r->error);
	else if (r->type == PROTO_DESK_TAKE && r->peer != NULL)
		(void)desk_take(room->desk, &r->in.take, now, &r->jobs,
		    &r->error);
	else if (r->type == PROTO_DESK_WORK)
		(void)desk_work(room->desk, &r->in.work, now, &r->jobs,
		    &r->error);
	else if (r->type == PROTO_DESK_STEER)
		(void)desk_steer(room->desk, &r->in.steer, now, &r->steered,
		    &r->error);
	else if (r->type == PROTO_CTL_VIP)
		(void)desk_vip(room->desk, &r->in.vip, &r->vip, &r->error);
	else if (r->type == PROTO_CTL_FORGET)
		(void)desk_forget(room->desk, &r->in.forget, &r->forgotten,
		    &r->error);
	else if (r->type == PROTO_CTL_POST)
		(void)desk_post(room->desk, &r->in.post, now, &r->post,
		    &r->error);
}

/* The first post that waits and has work now, or room->waiting->len. */
static guint
waiting_find(const struct room *room, gint64 now)
{
	guint32 asked = 0;

	for (guint i = 0; i < room->waiting->len; i++) {
		const struct request *r =
		    g_ptr_array_index(room->waiting, i);
		guint32 kinds = r->in.work.kinds;

		/* Most wait for the same. */
		if (i > 0 && kinds == asked)
			continue;
		if (desk_has_work(room->desk, kinds, now))
			return i;
		asked = kinds;
	}
	return room->waiting->len;
}

/* Posts that wait get what this turn made claimable, in the same turn. */
static void
waiting_do(struct room *room, gint64 now)
{
	guint i;

	while ((i = waiting_find(room, now)) < room->waiting->len) {
		struct request *r =
		    g_ptr_array_steal_index(room->waiting, i);

		proto_clear(PROTO_DESK_JOBS, &r->jobs);
		g_ptr_array_add(room->turn, r);
		request_do(room, r, now);
	}
}

static gboolean
must_wait(const struct request *r)
{
	return r->type == PROTO_DESK_WORK && r->error == NULL &&
	    r->in.work.want > 0 && r->in.work.wait_ms > 0 &&
	    r->jobs.jobs->len == 0 && now_ms() < r->until_ms && !role_stop;
}

static void
request_answer(struct room *room, struct request *r)
{
	if (r->peer == NULL)
		return;
	in_hand_drop(room->hands, r->peer);
	if (r->error != NULL)
		ipc_answer_error(r->peer, r->error);
	else if (r->type == PROTO_DESK_COMMIT)
		ipc_answer(r->peer, PROTO_DESK_COMMITTED, "");
	else if (r->type == PROTO_DESK_STEER)
		ipc_answer(r->peer, PROTO_DESK_STEERED, &r->steered);
	else if (r->type == PROTO_CTL_VIP)
		ipc_answer(r->peer, PROTO_CTL_VIP_IS, &r->vip);
	else if (r->type == PROTO_CTL_FORGET)
		ipc_answer(r->peer, PROTO_CTL_FORGET_IS, &r->forgotten);
	else if (r->type == PROTO_CTL_POST)
		ipc_answer(r->peer, PROTO_CTL_POST_IS, &r->post);
	else
		ipc_answer(r->peer, PROTO_DESK_JOBS, &r->jobs);
}

static void
turn_answer(struct room *room, const GError *failed)
{
	for (guint i = 0; i < room->turn->len; i++) {
		struct request *r = g_ptr_array_index(room->turn, i);

		if (failed != NULL && r->error == NULL)
			r->error = g_error_copy(failed);
		if (r->peer != NULL && must_wait(r)) {
			/* What it settled is settled. */
			g_array_set_size(r->in.work.settled, 0);
			room->turn->pdata[i] = NULL;
			g_ptr_array_add(room->waiting, r);
			continue;
		}
		request_answer(room, r);
	}
	for (guint i = room->turn->len; i-- > 0;)
		if (room->turn->pdata[i] == NULL)
			g_ptr_array_steal_index(room->turn, i);
	g_ptr_array_set_size(room->turn, 0);
}

static gboolean
turn_is_busy(const struct room *room)
{
	for (guint i = 0; i < room->turn->len; i++) {
		const struct request *r =
		    g_ptr_array_index(room->turn, i);

		if (r->type != PROTO_DESK_WORK ||
		    r->in.work.settled->len > 0)
			return TRUE;
	}
	return room->turn->len == 0;
}

/* One transaction for everything that waits: group commit. TRUE if there was
 * anything but posts asking for work. */
static gboolean
turn_run(struct room *room)
{
	g_autoptr(GError) error = NULL;
	gint64 now = now_s();
	gboolean is_busy;

	if (room->turn->len == 0 &&
	    waiting_find(room, now) == room->waiting->len)
		return FALSE;
	is_busy = turn_is_busy(room);
	if (desk_begin(room->desk, now, &error)) {
		guint len = room->turn->len;

		for (guint i = 0; i < len; i++)
			request_do(room,
			    g_ptr_array_index(room->turn, i), now);
		waiting_do(room, now);
		(void)desk_commit_turn(room->desk, &error);
	}
	if (error != NULL)
		log_error("desk.turn", LOG_NUM("requests", room->turn->len),
		    LOG_ERR(error));
	turn_answer(room, error);
	return is_busy;
}

static void
waiting_expire(struct room *room)
{
	for (guint i = room->waiting->len; i-- > 0;) {
		struct request *r = g_ptr_array_index(room->waiting, i);

		if (now_ms() < r->until_ms && !role_stop)
			continue;
		request_answer(room, r);
		g_ptr_array_remove_index(room->waiting, i);
	}
}

/* --- the loop --------------------------------------------------------------- */

static void
slot_release(struct room *room, guint slot)
{
	struct proto_desk_work ask = {.slot = slot, .resume = TRUE};
	struct proto_desk_jobs held = {0};
	g_autoptr(GArray) settled =
	    g_array_new(FALSE, TRUE, sizeof(struct proto_settle));

	(void)desk_work(room->desk, &ask, now_s(), &held, NULL);
	for (guint i = 0; held.jobs != NULL && i < held.jobs->len; i++) {
		struct proto_settle settle = {.outcome = PROTO_DEFERRED,
		    .status = (char *)""};

		settle.job =
		    g_array_index(held.jobs, struct proto_job, i).name;
		g_array_append_val(settled, settle);
	}
	proto_clear(PROTO_DESK_JOBS, &held);
	if (settled->len == 0)
		return;
	ask = (struct proto_desk_work){.slot = slot, .settled = settled};
	(void)desk_work(room->desk, &ask, now_s(), &held, NULL);
	proto_clear(PROTO_DESK_JOBS, &held);
	log_warn("desk.slot-gone", LOG_NUM("slot", slot),
	    LOG_NUM("jobs", settled->len));
}

/* With fewer posts configured than before, nobody would ever settle what the
 * last slots hold: their supervisor is gone too, so nothing more can be known
 * of those jobs. */
static void
lost_slots_release(struct room *room, guint first)
{
	g_autoptr(GError) error = NULL;

	if (desk_begin(room->desk, now_s(), &error)) {
		for (guint slot = first; slot < SLOTS_MAX; slot++)
			slot_release(room, slot);
		(void)desk_commit_turn(room->desk, &error);
	}
	if (error != NULL)
		log_error("desk.turn", LOG_ERR(error));
}

static void
serve(struct room *room, const struct role_start *start)
{
	struct ipc_server *server =
	    ipc_server_new(ROLE_DESK, on_request, on_hangup, room);
	static const enum role clients[] = {ROLE_LMTP, ROLE_POST, ROLE_CTL};
	static const char *const names[] = {"desk.lmtp", "desk.post",
	    "desk.ctl"};
	gint64 tick_at = 0;
	gint64 asked = 0;
	gint64 busy_at = now_ms(); /* 0: tidied since */

	for (gsize i = 0; i < G_N_ELEMENTS(clients); i++)
		ipc_server_listen(server, role_fd(names[i]), clients[i],
		    start->uids[clients[i]]);
	while (!role_may_stop(server, &asked)) {
		gint64 wait = CLAMP(tick_at - now_ms(), 0, POLL_MAX_MS);

		if (room->waiting->len > 0)
			wait = MIN(wait, 100);
		(void)ipc_server_poll(server, role_stop ? 50 : (int)wait);
		if (turn_run(room))
			busy_at = now_ms();
		if (busy_at != 0 && now_ms() - busy_at > QUIET_MS) {
			store_idle(room->store);
			busy_at = 0;
		}
		waiting_expire(room);
		if (now_ms() >= tick_at)
			tick_at = now_ms() +
			    CLAMP(desk_tick(room->desk, now_s()), 10,
				POLL_MAX_MS);
	}
	ipc_server_free(server);
}

/* A predecessor whose supervisor was killed may still be finishing. */
static int
lock_wait(const char *dir)
{
	g_autofree char *path = g_build_filename(dir, "desk.lock", NULL);
	int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);

	while (fd >= 0 && flock(fd, LOCK_EX) != 0 && !role_stop)
		continue;
	return fd;
}

int
main(void)
{
	struct role_start start;
	struct room room;
	g_autoptr(GError) error = NULL;
	g_autofree char *path = NULL;
	int lock;

	role_start(ROLE_DESK, &start);
	lock = lock_wait(start.config->state_dir);
	path = g_build_filename(start.config->state_dir, "desk.db", NULL);
	room.store = store_open_sqlite(path, &error);
	if (room.store == NULL) {
		log_error("desk.start", LOG_ERR(error));
		return 1;
	}
	room.dir = start.config->state_dir;
	room.desk = desk_new(room.store, start.config);
	room.hands = in_hand_new();
	room.turn = g_ptr_array_new_with_free_func(request_free);
	room.waiting = g_ptr_array_new_with_free_func(request_free);
	lost_slots_release(&room, start.slot);
	serve(&room, &start);
	g_ptr_array_unref(room.turn);
	g_ptr_array_unref(room.waiting);
	in_hand_free(room.hands);
	desk_free(room.desk);
	store_close(room.store);
	if (lock >= 0)
		close(lock);
	config_free(start.config);
	return 0;
}
