#include "proto/permit.h"

#include "base/banned.h"

static const struct {
	enum role client;
	enum role server;
	enum proto_type request;
} permits[] = {
    {ROLE_LMTP, ROLE_VAULT, PROTO_VAULT_IDENTIFY},
    {ROLE_LMTP, ROLE_DESK, PROTO_DESK_ADMIT},
    {ROLE_LMTP, ROLE_DESK, PROTO_DESK_COMMIT},
    {ROLE_LMTP, ROLE_DESK, PROTO_DESK_TELL},
    {ROLE_LMTP, ROLE_DESK, PROTO_DESK_STEER},
    {ROLE_LMTP, ROLE_DESK, PROTO_CTL_LIST},
    {ROLE_LMTP, ROLE_DESK, PROTO_CTL_SHOW},
    {ROLE_LMTP, ROLE_DESK, PROTO_CTL_NUMBERS},
    {ROLE_LMTP, ROLE_POST, PROTO_POST_HAND_OVER},
    {ROLE_MILTER, ROLE_LMTP, PROTO_INTAKE_READY},
    {ROLE_MILTER, ROLE_LMTP, PROTO_INTAKE_MAIL},
    {ROLE_SMTP, ROLE_LMTP, PROTO_INTAKE_READY},
    {ROLE_SMTP, ROLE_LMTP, PROTO_INTAKE_MAIL},
    {ROLE_POST, ROLE_VAULT, PROTO_VAULT_OPEN},
    {ROLE_POST, ROLE_VAULT, PROTO_VAULT_LABEL},
    {ROLE_POST, ROLE_DESK, PROTO_DESK_TAKE},
    {ROLE_POST, ROLE_DESK, PROTO_DESK_WORK},
    {ROLE_POST, ROLE_DESK, PROTO_CTL_NUMBERS},
    {ROLE_CTL, ROLE_DESK, PROTO_CTL_STATUS},
    {ROLE_CTL, ROLE_DESK, PROTO_CTL_LIST},
    {ROLE_CTL, ROLE_DESK, PROTO_CTL_SHOW},
    {ROLE_CTL, ROLE_DESK, PROTO_CTL_FORGET},
    {ROLE_CTL, ROLE_DESK, PROTO_CTL_POST},
    {ROLE_CTL, ROLE_DESK, PROTO_CTL_VIP},
    {ROLE_CTL, ROLE_DESK, PROTO_CTL_NUMBERS},
    {ROLE_LMTP, ROLE_IMAGE, PROTO_IMAGE_CLEAN},
};

gboolean
proto_permitted(enum role client, enum role server, enum proto_type request)
{
	for (gsize i = 0; i < G_N_ELEMENTS(permits); i++)
		if (permits[i].client == client &&
		    permits[i].server == server &&
		    permits[i].request == request)
			return TRUE;
	return FALSE;
}
