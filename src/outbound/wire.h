#ifndef ND_OUTBOUND_WIRE_H
#define ND_OUTBOUND_WIRE_H

/*
 * One client socket with a deadline, plain or TLS.
 *
 * Every wait ends at the deadline, an absolute time that single octets
 * cannot push away. No signal interrupts a call, SIGPIPE is never raised,
 * the end of the stream is a failure. After a failure the wire is broken for
 * good: only wire_free() makes sense.
 */
#include <glib.h>

struct wire;
struct wire_trust; /* whom a TLS peer must be signed by */

/* With verify the peer's certificate must lead to ca_file, or to the
 * system's store if that is NULL or "". A store that cannot be read makes
 * every wire_start_tls() fail. */
struct wire_trust *wire_trust_new(gboolean verify, const char *ca_file);
void wire_trust_free(struct wire_trust *trust);

/* Connects to "inet:HOST:PORT" or "unix:/PATH" until the deadline timeout_ms
 * from now, which also holds for what follows. ERROR_PERM if server is
 * written wrong. */
struct wire *wire_open(const char *server, guint timeout_ms, GError **err);
/* Closes; tells a TLS peer so. NULL is fine. */
void wire_free(struct wire *wire);

/* Begins a step: a new deadline, and a new allowance of octets to read. */
void wire_begin_step(struct wire *wire, guint timeout_ms);

/* This step may bring so many octets more. */
void wire_allow(struct wire *wire, gsize octets);

/* At least one octet, or -1: failure, end, deadline, or more octets than one
 * step may bring. */
gssize wire_read(struct wire *wire, void *buf, gsize len);
/* All of it, or -1. */
gssize wire_write(struct wire *wire, const void *buf, gsize len);

/* Client handshake. name: what the certificate must be for, and SNI; NULL or
 * "" only without verification. */
gboolean wire_start_tls(struct wire *wire, const struct wire_trust *trust,
    const char *name, GError **err);

int wire_fd(const struct wire *wire);
gboolean wire_is_tls(const struct wire *wire);
/* The peer is on this machine: UNIX socket or loopback. */
gboolean wire_is_local(const struct wire *wire);
/* A call failed. */
gboolean wire_is_broken(const struct wire *wire);
/* It failed because of the deadline. */
gboolean wire_is_late(const struct wire *wire);
/* Open, and nothing has come that was not asked for. */
gboolean wire_is_quiet(struct wire *wire);

#endif
