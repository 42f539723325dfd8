#include "base/sandbox.h"

#include <errno.h>
#include <grp.h>
#include <pwd.h>
#include <seccomp.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/error.h"

#include "base/banned.h"

#define MIB (1024UL * 1024UL)

/* The whole matrix; what is not named stays as it is. */
static const struct {
	rlim_t memory; /* RLIMIT_AS; 0: none */
	rlim_t stack;
	rlim_t files;
	gboolean may_connect_out; /* sockets other than AF_UNIX */
} cages[ROLE_END] = {
    [ROLE_LMTP] = {1024 * MIB, 64 * MIB, 256, FALSE},
    [ROLE_DESK] = {0, 0, 1024, FALSE},
    [ROLE_VAULT] = {0, 0, 1024, FALSE},
    [ROLE_POST] = {0, 0, 256, TRUE},
    [ROLE_IMAGE] = {0, 0, 64, FALSE},
    /* Each thread has a stack and an arena of its own. */
    [ROLE_MILTER] = {0, 0, 4096, FALSE},
    /* It counts the octets of mails itself; two or three for a session. */
    [ROLE_SMTP] = {0, 0, 32768, FALSE},
    [ROLE_SOCKETMAP] = {256 * MIB, 8 * MIB, 2048, FALSE},
};

void
sandbox_no_dump(void)
{
	const struct rlimit none = {0, 0};

	(void)setrlimit(RLIMIT_CORE, &none);
	(void)prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
}

gboolean
sandbox_role_ids(enum role role, uid_t *uid, gid_t *gid, GError **err)
{
	const struct passwd *pw;

	*uid = geteuid();
	*gid = getegid();
	if (*uid != 0 || role == ROLE_SUPERVISOR || role == ROLE_CTL)
		return TRUE;
	errno = 0;
	pw = getpwnam(role_program(role));
	if (pw == NULL) {
		g_set_error(err, ND_ERROR, ERROR_PERM,
		    "no user %s; run contrib/users.sh (the package does it), "
		    "or start nymdeskd as an ordinary user",
		    role_program(role));
		return FALSE;
	}
	*uid = pw->pw_uid;
	*gid = pw->pw_gid;
	return TRUE;
}

static gboolean
limit_set(__rlimit_resource_t what, rlim_t value)
{
	const struct rlimit limit = {value, value};

	return value == 0 || setrlimit(what, &limit) == 0;
}

/* Who may not raise a limit (root in a container, too) has less, and then takes
 * fewer connections. */
static gboolean
files_set(rlim_t value)
{
	struct rlimit now;

	if (limit_set(RLIMIT_NOFILE, value))
		return TRUE;
	return getrlimit(RLIMIT_NOFILE, &now) == 0 && value > now.rlim_max &&
	       limit_set(RLIMIT_NOFILE, now.rlim_max);
}

static gboolean
limits_enter(enum role role, GError **err)
{
	rlim_t memory = cages[role].memory;

#ifdef ND_SANITIZED
	memory = 0; /* the sanitizers map their shadow memory */
#endif
	if (!limit_set(RLIMIT_AS, memory) ||
	    !limit_set(RLIMIT_STACK, cages[role].stack) ||
	    !files_set(cages[role].files))
		return error_fail_errno(err, ERROR_PERM,
		    "cannot set resource limits");
	return TRUE;
}

static gboolean
user_enter(uid_t uid, gid_t gid, GError **err)
{
	if (geteuid() != 0 || uid == 0)
		return TRUE;
	if (setgroups(0, NULL) != 0 || setresgid(gid, gid, gid) != 0 ||
	    setresuid(uid, uid, uid) != 0)
		return error_fail_errno(err, ERROR_PERM,
		    "cannot become the role's user");
	if (setresuid(0, 0, 0) == 0)
		return error_fail(err, ERROR_PERM, "root rights came back");
	return TRUE;
}

static gboolean
calls_forbid(scmp_filter_ctx ctx, gboolean may_connect_out)
{
	static const int never[] = {SCMP_SYS(execve), SCMP_SYS(execveat),
	    SCMP_SYS(ptrace), SCMP_SYS(process_vm_readv),
	    SCMP_SYS(process_vm_writev), SCMP_SYS(mount), SCMP_SYS(umount2),
	    SCMP_SYS(chroot), SCMP_SYS(pivot_root), SCMP_SYS(keyctl),
	    SCMP_SYS(add_key), SCMP_SYS(request_key), SCMP_SYS(bpf),
	    SCMP_SYS(perf_event_open), SCMP_SYS(init_module),
	    SCMP_SYS(finit_module), SCMP_SYS(kexec_load), SCMP_SYS(reboot),
	    SCMP_SYS(swapon), SCMP_SYS(unshare), SCMP_SYS(setns),
	    SCMP_SYS(io_uring_setup)};
	static const struct scmp_arg_cmp not_unix = {.arg = 0,
	    .op = SCMP_CMP_NE,
	    .datum_a = AF_UNIX,
	    .datum_b = 0};

	for (gsize i = 0; i < G_N_ELEMENTS(never); i++)
		if (seccomp_rule_add(ctx, SCMP_ACT_ERRNO(EPERM), never[i],
			0) != 0)
			return FALSE;
	if (may_connect_out)
		return TRUE;
	return seccomp_rule_add_array(ctx, SCMP_ACT_ERRNO(EPERM),
		   SCMP_SYS(socket), 1, &not_unix) == 0;
}

static gboolean
calls_enter(enum role role, GError **err)
{
	scmp_filter_ctx ctx;
	gboolean ok;

	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0)
		return error_fail_errno(err, ERROR_PERM,
		    "cannot give up new privileges");
	ctx = seccomp_init(SCMP_ACT_ALLOW);
	ok = ctx != NULL &&
	    calls_forbid(ctx, cages[role].may_connect_out) &&
	    seccomp_load(ctx) == 0;
	seccomp_release(ctx);
	if (!ok)
		return error_fail(err, ERROR_PERM,
		    "cannot load the system call filter");
	return TRUE;
}

gboolean
sandbox_enter(enum role role, uid_t uid, gid_t gid, GError **err)
{
	g_assert(role < ROLE_END);
	if (!limits_enter(role, err) || !user_enter(uid, gid, err))
		return FALSE;
	/* setresuid() made the process dumpable again on some kernels. */
	sandbox_no_dump();
	return calls_enter(role, err);
}

/* --- a step in a child ------------------------------------------------ */

static gboolean
step_calls_allow(scmp_filter_ctx ctx)
{
	static const int always[] = {SCMP_SYS(brk), SCMP_SYS(clock_gettime),
	    SCMP_SYS(exit), SCMP_SYS(exit_group), SCMP_SYS(futex),
	    SCMP_SYS(madvise), SCMP_SYS(mremap), SCMP_SYS(munmap),
#ifdef ND_SANITIZED
	    SCMP_SYS(sigaltstack), /* asked where a longjmp() may lead */
#endif
	    SCMP_SYS(rt_sigreturn)};
	static const int unless_code[] = {SCMP_SYS(mmap), SCMP_SYS(mprotect)};
	static const struct scmp_arg_cmp no_code = {.arg = 2,
	    .op = SCMP_CMP_MASKED_EQ,
	    .datum_a = PROT_EXEC,
	    .datum_b = 0};

	for (gsize i = 0; i < G_N_ELEMENTS(always); i++)
		if (seccomp_rule_add(ctx, SCMP_ACT_ALLOW, always[i], 0) != 0)
			return FALSE;
	for (gsize i = 0; i < G_N_ELEMENTS(unless_code); i++)
		if (seccomp_rule_add_array(ctx, SCMP_ACT_ALLOW,
			unless_code[i], 1, &no_code) != 0)
			return FALSE;
	return TRUE;
}

gboolean
sandbox_enter_step(gsize memory, guint cpu_s)
{
	scmp_filter_ctx ctx;

#ifdef ND_SANITIZED
	memory = 0; /* the sanitizers map their shadow memory */
#endif
	sandbox_no_dump();
	if (close_range(0, ~0U, 0) != 0 || !limit_set(RLIMIT_AS, memory) ||
	    !limit_set(RLIMIT_CPU, cpu_s) ||
	    prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0)
		return FALSE;
	ctx = seccomp_init(SCMP_ACT_KILL_PROCESS);
	return ctx != NULL && step_calls_allow(ctx) && seccomp_load(ctx) == 0;
}
