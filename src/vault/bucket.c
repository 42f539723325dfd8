#include "vault/bucket.h"

#include "base/banned.h"

void
bucket_init(struct bucket *bucket, gint64 rate, gint64 burst)
{
	*bucket = (struct bucket){.rate = MAX(rate, 0),
	    .burst = MAX(burst, 0),
	    .tokens = MAX(burst, 0),
	    .last = G_MININT64};
}

static void
bucket_refill(struct bucket *bucket, gint64 now)
{
	gint64 elapsed;
	gint64 gain;

	if (now <= bucket->last)
		return;
	/* What overflows would fill it anyway. */
	if (__builtin_sub_overflow(now, bucket->last, &elapsed) ||
	    __builtin_mul_overflow(elapsed, bucket->rate, &gain) ||
	    gain > bucket->burst - bucket->tokens)
		gain = bucket->burst - bucket->tokens;
	bucket->tokens += gain;
	bucket->last = now;
}

gboolean
bucket_take(struct bucket *bucket, gint64 now)
{
	bucket_refill(bucket, now);
	if (bucket->tokens == 0)
		return FALSE;
	bucket->tokens--;
	return TRUE;
}
