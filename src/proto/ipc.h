#ifndef ND_PROTO_IPC_H
#define ND_PROTO_IPC_H

/*
 * Frames over AF_UNIX SOCK_SEQPACKET sockets, one request, one answer.
 *
 * Sockets are files in the run directory, one for each pair of server and
 * client role ("vault.lmtp"); the supervisor makes them, so they outlive a
 * server that dies: a client that connects meanwhile waits, bounded by its
 * timeout. Nothing here interprets a message beyond its type.
 */
#include <signal.h>
#include <sys/types.h>

#include <glib.h>

#include "base/role.h"
#include "proto/codec.h"

/* --- client --------------------------------------------------------- */

/* One server; connects when needed, again after a loss. Threads may have one
 * each; nothing is shared between two of them. */
struct ipc_client;

/* No connection is made yet. timeout_ms bounds every call. */
struct ipc_client *ipc_client_new(const char *run_dir, enum role server,
    enum role self, guint timeout_ms);
void ipc_client_free(struct ipc_client *client);

/* Sends request (its message of type request_type, and fd unless it is -1;
 * fd stays the caller's) and fills *answer, which must be of answer_type. A
 * PROTO_ERROR answer becomes *err. No answer: ERROR_TEMP, and the next call
 * connects anew. A call is never repeated by itself. */
gboolean ipc_call(struct ipc_client *client, enum proto_type request_type,
    gconstpointer request, int fd, enum proto_type answer_type,
    gpointer answer, GError **err);

struct ipc_call {
	enum proto_type request_type;
	gconstpointer request;
	int fd; /* sent beside the request, or -1; stays the caller's */
	enum proto_type answer_type;
	gpointer answer;
};

/* As ipc_call(), but keeps the descriptor beside the answer: *body, which the
 * caller closes, or -1. It is -1 after a failure. */
gboolean ipc_call_body(struct ipc_client *client, const struct ipc_call *call,
    int *body, GError **err);

/* Closes the connection; the next call makes a new one. */
void ipc_client_drop(struct ipc_client *client);

/* --- server --------------------------------------------------------- */

struct ipc_server;
struct ipc_peer; /* one connection; dies when the client hangs up */

/* Called for a frame whose type the peer's role may send. Answer now or
 * later with ipc_answer(); until then nothing more is read from this peer.
 * fd is -1 or a descriptor now owned by the handler. The frame is borrowed. */
typedef void (*ipc_handler)(struct ipc_peer *peer, enum role role,
    GBytes *frame, int fd, gpointer user_data);
/* The peer is gone; pending answers to it must not be given any more. */
typedef void (*ipc_hangup)(struct ipc_peer *peer, gpointer user_data);

struct ipc_server *ipc_server_new(enum role self, ipc_handler handler,
    ipc_hangup hangup, gpointer user_data);
void ipc_server_free(struct ipc_server *server);

/* Serves a listening socket whose peers are of role client; their uid must
 * be client_uid. Takes fd. */
void ipc_server_listen(struct ipc_server *server, int fd, enum role client,
    uid_t client_uid);

/* Waits up to timeout_ms (-1: for ever) and runs the handler once for every
 * peer that has sent a frame. Returns the number of frames handled, 0 also
 * after a signal. */
guint ipc_server_poll(struct ipc_server *server, int timeout_ms);

/* The same with this mask of signals while it waits, as ppoll(2); NULL for
 * the caller's. */
guint ipc_server_poll_masked(struct ipc_server *server, int timeout_ms,
    const sigset_t *mask);

/* Makes a peer of a connection that the caller has accepted. Takes sock. FALSE
 * after logging it, and nothing is ever read, if it has not this uid. */
gboolean ipc_server_adopt(struct ipc_server *server, int sock,
    enum role client, uid_t client_uid);

/* Number of connected peers of this role. */
guint ipc_server_peers(const struct ipc_server *server, enum role client);

void ipc_answer(struct ipc_peer *peer, enum proto_type type,
    gconstpointer message);
/* The same with a descriptor beside the answer; fd stays the caller's. */
void ipc_answer_body(struct ipc_peer *peer, enum proto_type type,
    gconstpointer message, int fd);
void ipc_answer_error(struct ipc_peer *peer, const GError *error);

/* Makes and binds a listening socket in run_dir for this pair of roles, mode
 * 0600 and owned by uid, so that nobody but the client role (and root) can
 * connect. -1 on failure. For the supervisor. */
int ipc_listen(const char *run_dir, enum role server, enum role client,
    uid_t uid, GError **err);

/* --- bodies --------------------------------------------------------- */

/* A memfd with this content, sealed against any change. -1 on failure. */
int ipc_body_new(const void *data, gsize len, GError **err);
/* Maps a received body: refuses what is not a memfd sealed against writing
 * and shrinking. NULL on failure. fd stays the caller's. */
GBytes *ipc_body_map(int fd, GError **err);

#endif
