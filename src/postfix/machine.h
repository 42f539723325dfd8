#ifndef ND_POSTFIX_MACHINE_H
#define ND_POSTFIX_MACHINE_H

/*
 * Where the machine below Postfix may keep what Postfix lets go: the volume
 * of the queue, swap space, core files.
 *
 * What is read is given in, so that only volume_of_path() and
 * volume_of_device() look at the machine. An answer of VOLUME_UNKNOWN is
 * none: what lies below a virtual disk or a network cannot be seen.
 */
#include <glib.h>

enum volume {
	VOLUME_UNKNOWN,
	VOLUME_DISK,
	VOLUME_ENCRYPTED, /* dm-crypt, whoever has the key */
	VOLUME_MEMORY,
};

enum volume volume_of_path(const char *path);
/* path: "/dev/dm-1", or a file that is used as one. */
enum volume volume_of_device(const char *path);

/* Borrowed; NULL if it could not be read. */
struct postfix_machine {
	enum volume queue;
	const char *swaps; /* /proc/swaps */
	enum volume (*swap_volume)(const char *path);
	const char *core_pattern; /* /proc/sys/kernel/core_pattern */
	const char *limits; /* /proc/PID/limits of Postfix's master */
};

/* Appends to findings (postfix/settings.h). */
void postfix_machine_judge(const struct postfix_machine *machine,
    GArray *findings);

#endif
