#include "postfix/machine.h"

#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/vfs.h>

#include <linux/magic.h>

#include "postfix/settings.h"

#include "base/banned.h"

#define DEPTH_MAX 6 /* volumes on volumes */

/* Looks through what a block device is made of (sysfs). All parts must be
 * encrypted. */
static enum volume
block_volume(const char *dir, guint depth)
{
	g_autofree char *uuid_path = g_build_filename(dir, "dm", "uuid", NULL);
	g_autofree char *below = g_build_filename(dir, "slaves", NULL);
	g_autofree char *uuid = NULL;
	g_autoptr(GDir) parts = NULL;
	const char *part;
	guint n = 0;

	if (strstr(dir, "/zram") != NULL)
		return VOLUME_MEMORY;
	if (g_file_get_contents(uuid_path, &uuid, NULL, NULL) &&
	    g_str_has_prefix(uuid, "CRYPT-"))
		return VOLUME_ENCRYPTED;
	parts = depth < DEPTH_MAX ? g_dir_open(below, 0, NULL) : NULL;
	while (parts != NULL && (part = g_dir_read_name(parts)) != NULL) {
		g_autofree char *path = g_build_filename(below, part, NULL);

		if (block_volume(path, depth + 1) != VOLUME_ENCRYPTED)
			return VOLUME_DISK;
		n++;
	}
	return n > 0 ? VOLUME_ENCRYPTED : VOLUME_DISK;
}

static enum volume
number_volume(dev_t device)
{
	g_autofree char *dir = g_strdup_printf("/sys/dev/block/%u:%u",
	    major(device), minor(device));
	g_autofree char *real = NULL;

	/* Major 0: btrfs, overlayfs, a network. */
	if (major(device) == 0 || !g_file_test(dir, G_FILE_TEST_IS_DIR))
		return VOLUME_UNKNOWN;
	real = g_file_read_link(dir, NULL);
	if (real != NULL && strstr(real, "/zram") != NULL)
		return VOLUME_MEMORY;
	return block_volume(dir, 0);
}

enum volume
volume_of_path(const char *path)
{
	struct statfs fs;
	struct stat st;

	if (statfs(path, &fs) != 0 || stat(path, &st) != 0)
		return VOLUME_UNKNOWN;
	if (fs.f_type == TMPFS_MAGIC || fs.f_type == RAMFS_MAGIC)
		return VOLUME_MEMORY;
	return number_volume(st.st_dev);
}

enum volume
volume_of_device(const char *path)
{
	struct stat st;

	if (stat(path, &st) != 0)
		return VOLUME_UNKNOWN;
	return number_volume(S_ISBLK(st.st_mode) ? st.st_rdev : st.st_dev);
}

static void
queue_judge(const struct postfix_machine *machine, GArray *findings)
{
	static const char *const details[] = {
	    [VOLUME_UNKNOWN] = "cannot tell what it lies on; mails that wait, "
			       "and the blocks of deleted ones, stay "
			       "readable there (docs/postfix.md)",
	    [VOLUME_DISK] = "lies on a disk: mails that wait, and the blocks "
			    "of deleted ones, stay readable there; put it "
			    "into memory or on a volume with a key of the "
			    "day (docs/postfix.md)",
	};

	if (machine->queue == VOLUME_UNKNOWN || machine->queue == VOLUME_DISK)
		postfix_findings_add(findings, POSTFIX_WARN, "queue_directory",
		    g_strdup(details[machine->queue]));
}

static void
swap_judge(const struct postfix_machine *machine, GArray *findings)
{
	g_auto(GStrv) lines = g_strsplit(
	    machine->swaps != NULL ? machine->swaps : "", "\n", -1);

	/* The first line is a title. */
	for (guint i = 1; lines[0] != NULL && lines[i] != NULL; i++) {
		g_autofree char *path =
		    g_strndup(lines[i], strcspn(lines[i], " \t"));
		enum volume volume;

		if (path[0] != '/')
			continue;
		volume = machine->swap_volume(path);
		if (volume == VOLUME_ENCRYPTED || volume == VOLUME_MEMORY)
			continue;
		postfix_findings_add(findings, POSTFIX_WARN, "swap",
		    g_strdup_printf("%s is not encrypted, and Postfix's "
				    "memory may be written there: swapoff, or "
				    "a random key (crypttab(5))",
			path));
	}
}

static void
core_judge(const struct postfix_machine *machine, GArray *findings)
{
	static const char soft[] = "Max core file size";
	const char *limit = machine->limits != NULL
	    ? strstr(machine->limits, soft)
	    : NULL;

	if (machine->core_pattern != NULL && machine->core_pattern[0] == '|')
		postfix_findings_add(findings, POSTFIX_WARN, "core_pattern",
		    g_strdup("a program gets the memory of what crashes; set "
			     "\"Storage=none\" in coredump.conf(5), or "
			     "kernel.core_pattern to a name"));
	if (limit == NULL)
		return;
	limit += strlen(soft);
	limit += strspn(limit, " ");
	if (!g_str_has_prefix(limit, "0 "))
		postfix_findings_add(findings, POSTFIX_WARN, "core",
		    g_strdup("Postfix may leave core files in its queue "
			     "directory; start it with \"ulimit -c 0\" or "
			     "LimitCORE=0"));
}

void
postfix_machine_judge(const struct postfix_machine *machine, GArray *findings)
{
	queue_judge(machine, findings);
	swap_judge(machine, findings);
	core_judge(machine, findings);
}
