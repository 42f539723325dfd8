#include "base/role.h"

#include "base/banned.h"

static const struct {
	const char *name;
	const char *program;
} roles[ROLE_END] = {
    [ROLE_SUPERVISOR] = {"supervisor", "nymdeskd"},
    [ROLE_LMTP] = {"lmtp", "nymdesk-lmtp"},
    [ROLE_DESK] = {"desk", "nymdesk-desk"},
    [ROLE_VAULT] = {"vault", "nymdesk-vault"},
    [ROLE_POST] = {"post", "nymdesk-post"},
    [ROLE_IMAGE] = {"image", "nymdesk-image"},
    [ROLE_MILTER] = {"milter", "nymdesk-milter"},
    [ROLE_SMTP] = {"smtp", "nymdesk-smtp"},
    [ROLE_SOCKETMAP] = {"socketmap", "nymdesk-socketmap"},
    [ROLE_CTL] = {"ctl", "nymdesk"},
};

const char *
role_name(enum role role)
{
	g_assert(role < ROLE_END);
	return roles[role].name;
}

const char *
role_program(enum role role)
{
	g_assert(role < ROLE_END);
	return roles[role].program;
}
