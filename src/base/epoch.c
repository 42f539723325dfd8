#include "base/epoch.h"

#include "base/banned.h"

gint64
epoch_of_time(gint64 time_s, gint64 epoch_s)
{
	gint64 epoch;

	g_assert(epoch_s > 0);
	epoch = time_s / epoch_s;
	/* C rounds towards zero; epochs before 1970 still have one length. */
	return time_s % epoch_s < 0 ? epoch - 1 : epoch;
}

gint64
epoch_start(gint64 epoch, gint64 epoch_s)
{
	gint64 start;

	g_assert(epoch_s > 0);
	if (__builtin_mul_overflow(epoch, epoch_s, &start))
		return epoch < 0 ? G_MININT64 : G_MAXINT64;
	return start;
}

gint64
epoch_end(gint64 epoch, gint64 epoch_s)
{
	gint64 end;

	if (__builtin_add_overflow(epoch_start(epoch, epoch_s), epoch_s, &end))
		return G_MAXINT64;
	return end;
}

gint64
epoch_death(gint64 epoch, gint64 epoch_s, gint64 retention_s)
{
	gint64 death;

	g_assert(retention_s >= 0);
	if (__builtin_add_overflow(
		epoch_end(epoch, epoch_s), retention_s, &death))
		return G_MAXINT64;
	return death;
}

gint64
epoch_live_max(gint64 epoch_s, gint64 retention_s)
{
	gint64 older;

	g_assert(epoch_s > 0 && retention_s >= 0);
	/* The current one, and each older one that a retention reaches. */
	older = retention_s / epoch_s + (retention_s % epoch_s != 0);
	return older == G_MAXINT64 ? older : older + 1;
}
