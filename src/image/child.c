#include "image/child.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/pidfd.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/error.h"
#include "base/sandbox.h"

#include "base/banned.h"

/* The hungriest way is WebP: two canvases, a decoder's and our copy, all of
 * four octets a pixel. */
#define OCTETS_PER_PIXEL 16
/* Code, libraries, what the parent has mapped, input and output. */
#define MEMORY_BASE (192UL * 1024 * 1024)

enum exit_code {
	EXIT_CLEANED,
	EXIT_REFUSED,
	EXIT_NO_CAGE,
};

struct result { /* shared with the child */
	guint32 format;
	guint32 width;
	guint32 height;
	guint32 len;
	guint8 octets[];
};

gsize
image_child_memory(const struct image_limits *limits)
{
	return MEMORY_BASE + 2 * limits->octets_max +
	    limits->pixels_max * OCTETS_PER_PIXEL;
}

static enum exit_code
child_work(const struct image_child *options, GBytes *octets,
    struct result *result)
{
	struct image image;
	enum image_format format;
	GByteArray *out;
	gsize len;
	const guint8 *data = g_bytes_get_data(octets, &len);

	if (!sandbox_enter_step(image_child_memory(&options->limits),
		options->cpu_s))
		return EXIT_NO_CAGE;
	out = image_clean_octets(data, len, &options->limits, &image, &format,
	    NULL);
	if (out == NULL)
		return EXIT_REFUSED;
	result->format = format;
	result->width = image.width;
	result->height = image.height;
	result->len = out->len;
	memcpy(result->octets, out->data, out->len);
	return EXIT_CLEANED;
}

/* Waits for the child, kills it when its time is over, reaps it. */
static int
child_wait(pid_t pid, guint wall_ms)
{
	gint64 end = g_get_monotonic_time() + (gint64)wall_ms * 1000;
	struct pollfd p = {.fd = pidfd_open(pid, 0), .events = POLLIN};
	int status = 0;
	int n;

	do {
		gint64 left = (end - g_get_monotonic_time()) / 1000;

		n = poll(&p, p.fd >= 0 ? 1 : 0, (int)MAX(left, 0));
	} while (n < 0 && errno == EINTR);
	if (n <= 0)
		(void)kill(pid, SIGKILL);
	while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
	if (p.fd >= 0)
		close(p.fd);
	return status;
}

/* The child may have been taken over: nothing it says is taken as true. */
static gboolean
result_take(const struct result *result, const struct image_child *options,
    struct image_cleaned *cleaned)
{
	if (result->len == 0 || result->len > options->limits.octets_max ||
	    result->width == 0 || result->width > IMAGE_SIDE_MAX ||
	    result->height == 0 || result->height > IMAGE_SIDE_MAX)
		return FALSE;
	if (result->format == IMAGE_JPEG)
		cleaned->type = "image/jpeg";
	else if (result->format == IMAGE_PNG)
		cleaned->type = "image/png";
	else
		return FALSE;
	if (image_sniff(result->octets, result->len) != result->format)
		return FALSE;
	cleaned->width = result->width;
	cleaned->height = result->height;
	cleaned->octets = g_bytes_new(result->octets, result->len);
	return TRUE;
}

static gboolean
status_judge(int status, GError **err)
{
	if (WIFEXITED(status) && WEXITSTATUS(status) == EXIT_CLEANED)
		return TRUE;
	if (WIFEXITED(status) && WEXITSTATUS(status) == EXIT_NO_CAGE)
		return error_fail(err, ERROR_TEMP, "cannot cage a child");
	return error_fail_num(err, ERROR_PERM, "image refused, wait status",
	    status);
}

gboolean
image_child_run(const struct image_child *options, GBytes *octets,
    struct image_cleaned *cleaned, GError **err)
{
	gsize area = sizeof(struct result) + options->limits.octets_max;
	struct result *result = mmap(NULL, area, PROT_READ | PROT_WRITE,
	    MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	pid_t parent = getpid();
	pid_t pid;
	gboolean ok;

	memset(cleaned, 0, sizeof(*cleaned));
	if (result == MAP_FAILED)
		return error_fail_errno(err, ERROR_TEMP,
		    "no memory for a child");
	pid = fork();
	if (pid == 0) {
		/* Nobody waits for it when the parent is gone. */
		(void)prctl(PR_SET_PDEATHSIG, SIGKILL);
		if (getppid() != parent)
			_exit(EXIT_NO_CAGE);
		_exit((int)child_work(options, octets, result));
	}
	if (pid < 0)
		ok = error_fail_errno(err, ERROR_TEMP, "cannot make a child");
	else
		ok = status_judge(child_wait(pid, options->wall_ms), err);
	if (ok && !result_take(result, options, cleaned))
		ok = error_fail(err, ERROR_PERM, "bad result of a child");
	munmap(result, area);
	return ok;
}

void
image_cleaned_clear(struct image_cleaned *cleaned)
{
	g_clear_pointer(&cleaned->octets, g_bytes_unref);
	memset(cleaned, 0, sizeof(*cleaned));
}
