#include <errno.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/error.h"
#include "proto/ipc.h"

#include "base/banned.h"

#define SEALS (F_SEAL_WRITE | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL)

static gboolean
body_fill(int fd, const char *data, gsize len, GError **err)
{
	while (len > 0) {
		ssize_t n = write(fd, data, len);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return error_fail_errno(err, ERROR_TEMP,
			    "cannot fill a memory file");
		data += n;
		len -= (gsize)n;
	}
	if (fcntl(fd, F_ADD_SEALS, SEALS) != 0)
		return error_fail_errno(err, ERROR_TEMP,
		    "cannot seal a memory file");
	return TRUE;
}

int
ipc_body_new(const void *data, gsize len, GError **err)
{
	int fd = memfd_create("body", MFD_CLOEXEC | MFD_ALLOW_SEALING);

	if (fd < 0) {
		error_fail_errno(err, ERROR_TEMP, "cannot make a memory file");
		return -1;
	}
	if (!body_fill(fd, data, len, err)) {
		close(fd);
		return -1;
	}
	return fd;
}

struct mapping {
	void *at;
	gsize len;
};

static void
mapping_free(gpointer data)
{
	struct mapping *map = data;

	munmap(map->at, map->len);
	g_free(map);
}

GBytes *
ipc_body_map(int fd, GError **err)
{
	struct stat st;
	struct mapping *map;
	void *at;
	int seals = fcntl(fd, F_GET_SEALS);

	/* Without these seals the sender could change or cut the content
	 * while we read it. */
	if (seals < 0 || (seals & (F_SEAL_WRITE | F_SEAL_SHRINK)) !=
		(F_SEAL_WRITE | F_SEAL_SHRINK) || fstat(fd, &st) != 0) {
		error_fail(err, ERROR_DENIED, "body is not sealed");
		return NULL;
	}
	if (st.st_size == 0)
		return g_bytes_new(NULL, 0);
	at = mmap(NULL, (gsize)st.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
	if (at == MAP_FAILED) {
		error_fail_errno(err, ERROR_TEMP, "cannot map a body");
		return NULL;
	}
	map = g_new(struct mapping, 1);
	map->at = at;
	map->len = (gsize)st.st_size;
	return g_bytes_new_with_free_func(at, map->len, mapping_free, map);
}
