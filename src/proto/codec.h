#ifndef ND_PROTO_CODEC_H
#define ND_PROTO_CODEC_H

/*
 * Frames: 8 octets "ND", version, type, four zeros, then one GVariant in
 * normal form whose type the message table fixes. Pure; fuzzed.
 */
#include <glib.h>

#include "proto/messages.h"

/* message points to the struct of this type. Never fails for a message
 * within the limits of its table; a message beyond them is our bug, or too
 * large: NULL and ERROR_PERM. */
GBytes *proto_encode(enum proto_type type, gconstpointer message,
    GError **err);

/* The type of a frame, or 0 if it is none of ours. */
enum proto_type proto_frame_type(GBytes *frame);

/* Fills *message, which must be the struct of this type, zeroed. On failure
 * *message is left cleared and err is ERROR_DENIED ("bad frame"). */
gboolean proto_decode(GBytes *frame, enum proto_type type, gpointer message,
    GError **err);

/* Frees what a decoded message owns and zeroes it. */
void proto_clear(enum proto_type type, gpointer message);

/* PROTO_ERROR from a GError, and back: always sets *err, returns FALSE. */
GBytes *proto_encode_error(const GError *error);
gboolean proto_decode_error(GBytes *frame, GError **err);

/* A return envelope's content (not a frame: it travels inside others). */
GBytes *proto_envelope_encode(const struct proto_envelope *envelope);
gboolean proto_envelope_decode(GBytes *content,
    struct proto_envelope *envelope, GError **err);
void proto_envelope_clear(struct proto_envelope *envelope);

#endif
