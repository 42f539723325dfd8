#ifndef ND_PROTO_PERMIT_H
#define ND_PROTO_PERMIT_H

/*
 * Who may say what to whom: the constant table role x message type. A server
 * knows the role of a peer from the socket it came in by, and checks the
 * peer's uid against that role's (SO_PEERCRED) before it reads a frame.
 */
#include <glib.h>

#include "base/role.h"
#include "proto/messages.h"

gboolean proto_permitted(enum role client, enum role server,
    enum proto_type request);

#endif
