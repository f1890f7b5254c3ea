/* SPDX-License-Identifier: MIT
 *
 * In this order: expectations that are over and only kept in case of a second follow-up, or to be revised; verbatim
 * bytes (their digests stay, so equal is still equal); open expectations, oldest first. Called where evidence is added:
 * observe.c and hop.c. */
#include "audit/evict.h"

#include "audit/hop.h"

/* Kept to find a follow-up that is sent twice: no evidence of what has been told. */
static bool drop_done(struct audit *a, int64_t now_us)
{
	if (list_empty(&a->queues[QUEUE_DONE]))
		return false;
	hop_release(a, OWNER_OF(a->queues[QUEUE_DONE].next, struct expectation, in_queue), now_us);
	return true;
}

static bool drop_late(struct audit *a, int64_t now_us)
{
	for (enum queue q = QUEUE_LATE; q <= QUEUE_LATE_BROWSER; q++) {
		if (list_empty(&a->queues[q]))
			continue;
		hop_release(a, OWNER_OF(a->queues[q].next, struct expectation, in_queue), now_us);
		a->totals.forgotten++;
		return true;
	}
	return false;
}

static bool strip_oldest(struct audit *a)
{
	while (!list_empty(&a->kept)) {
		struct trace *t = OWNER_OF(a->kept.next, struct trace, kept);
		link_remove(&t->kept);
		if (t->content && content_strip(&a->digester, t->content) > 0) {
			a->totals.forgotten++;
			return true;
		}
	}
	return false;
}

static struct expectation *oldest_waiting(const struct audit *a)
{
	struct expectation *oldest = NULL;
	for (enum queue q = QUEUE_WINDOW; q <= QUEUE_WINDOW_BROWSER; q++) {
		if (list_empty(&a->queues[q]))
			continue;
		struct expectation *e = OWNER_OF(a->queues[q].next, struct expectation, in_queue);
		if (!oldest || e->order < oldest->order)
			oldest = e;
	}
	return oldest;
}

void evict_expectation(struct audit *a, struct expectation *e, const char *reason, int64_t now_us)
{
	a->totals.forgotten += e->state != EXPECTATION_DONE;
	switch (e->state) {
	case EXPECTATION_OPEN:
		hop_unfollowed(a, e, OUTCOME_LEFT_VISIBILITY, reason, true, now_us);
		break;
	case EXPECTATION_PROVISIONAL:
		hop_followed(a, e, now_us);
		break;
	case EXPECTATION_ANSWERED:
	case EXPECTATION_DONE:
	case EXPECTATION_LATE:
		hop_release(a, e, now_us);
		break;
	}
}

bool evict_for(struct audit *a, uint64_t bytes, int64_t now_us)
{
	while (budget_over(&a->budget, bytes)) {
		if (drop_done(a, now_us) || drop_late(a, now_us) || strip_oldest(a))
			continue;
		struct expectation *oldest = oldest_waiting(a);
		if (!oldest)
			return false;
		evict_expectation(a, oldest, "evidence given up: budget", now_us);
	}
	return true;
}
