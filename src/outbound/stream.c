#include "outbound/stream.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/banned.h"

#define STREAM_BUFFER 65536

static ssize_t
low_read(mailstream_low *low, void *buf, size_t len)
{
	return wire_read(low->data, buf, len);
}

static ssize_t
low_write(mailstream_low *low, const void *buf, size_t len)
{
	return wire_write(low->data, buf, len);
}

static int
low_close(mailstream_low *low)
{
	(void)low;
	return 0;
}

static int
low_get_fd(mailstream_low *low)
{
	return wire_fd(low->data);
}

static void
low_free(mailstream_low *low)
{
	free(low);
}

static mailstream_low_driver low_driver = {
	.mailstream_read = low_read,
	.mailstream_write = low_write,
	.mailstream_close = low_close,
	.mailstream_get_fd = low_get_fd,
	.mailstream_free = low_free,
};

mailstream *
stream_new(struct wire *wire)
{
	mailstream_low *low = mailstream_low_new(wire, &low_driver);
	mailstream *stream;

	/* Beyond this size the library would map what it reads to a file; no
	 * file must ever hold it. */
	mmap_string_set_ceil(G_MAXSIZE / 2);
	stream = low != NULL ? mailstream_new(low, STREAM_BUFFER) : NULL;
	if (stream == NULL)
		g_error("out of memory");
	return stream;
}

gssize
stream_read_password(const char *path, char text[STREAM_PASSWORD_SIZE])
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	gssize n;
	gsize len = 0;

	if (fd < 0)
		return -1;
	do
		n = read(fd, text, STREAM_PASSWORD_SIZE);
	while (n < 0 && errno == EINTR);
	(void)close(fd);
	if (n <= 0 || n == STREAM_PASSWORD_SIZE)
		return -1;
	while (len < (gsize)n && text[len] != '\n' && text[len] != '\r')
		len++;
	return (gssize)len;
}
