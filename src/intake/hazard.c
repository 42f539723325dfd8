#include "intake/hazard.h"

#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/error.h"
#include "base/log.h"

#include "base/banned.h"

#define PAGE_SIZE 4096
#define KILLERS_MAX 64

struct killer {
	guint64 key; /* 0: empty */
	guint32 kills;
	guint32 unused;
};

struct page {
	volatile guint64 in_hand[HAZARD_WORKERS_MAX];
	struct killer killers[KILLERS_MAX];
	guint32 next; /* the oldest one, to be replaced */
};

G_STATIC_ASSERT(sizeof(struct page) <= PAGE_SIZE);

struct hazard {
	struct page *page; /* mapped, shared */
	guint slot;
};

static struct killer *
killer_find(struct page *page, guint64 key)
{
	for (guint i = 0; i < KILLERS_MAX; i++)
		if (page->killers[i].key == key)
			return &page->killers[i];
	return NULL;
}

/* Two workers that start at once may lose one count; the mail then kills
 * once more. */
static void
killer_note(struct page *page, guint64 key)
{
	struct killer *killer = killer_find(page, key);

	if (killer == NULL) {
		killer = &page->killers[page->next++ % KILLERS_MAX];
		killer->key = key;
		killer->kills = 0;
	}
	killer->kills++;
	log_error("mail.killer", LOG_NUM("kills", killer->kills));
}

struct hazard *
hazard_open(int page, guint slot, GError **err)
{
	struct hazard *hazard;
	void *at = mmap(NULL, PAGE_SIZE, PROT_READ | PROT_WRITE, MAP_SHARED,
	    page, 0);

	if (at == MAP_FAILED) {
		error_fail_errno(err, ERROR_TEMP,
		    "cannot map the page of the workers");
		return NULL;
	}
	close(page);
	hazard = g_new0(struct hazard, 1);
	hazard->page = at;
	hazard->slot = slot % HAZARD_WORKERS_MAX;
	if (hazard->page->in_hand[hazard->slot] != 0)
		killer_note(hazard->page,
		    hazard->page->in_hand[hazard->slot]);
	hazard_leave(hazard);
	return hazard;
}

void
hazard_close(struct hazard *hazard)
{
	if (hazard == NULL)
		return;
	munmap(hazard->page, PAGE_SIZE);
	g_free(hazard);
}

gboolean
hazard_enter(struct hazard *hazard, GBytes *message)
{
	const struct killer *killer;
	guint64 key;

	if (hazard == NULL)
		return TRUE;
	key = (guint64)g_bytes_hash(message) << 32 |
	    (guint32)(g_bytes_get_size(message) + 1);
	killer = killer_find(hazard->page, key);
	if (killer != NULL && killer->kills >= HAZARD_KILLS_MAX)
		return FALSE;
	hazard->page->in_hand[hazard->slot] = key;
	(void)alarm(HAZARD_TIME_S);
	return TRUE;
}

void
hazard_leave(struct hazard *hazard)
{
	if (hazard == NULL)
		return;
	(void)alarm(0);
	hazard->page->in_hand[hazard->slot] = 0;
}
