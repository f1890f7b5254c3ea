/* SPDX-License-Identifier: MIT */
#include "proxy/relay/deadline.h"

static const uint32_t stagger_ms = 250; /* RFC 8305 §5 */
static const uint32_t record_ms = 50;

void deadlines_init(struct deadlines *all, const struct timeouts *t)
{
	const uint32_t ms[DEADLINE_KIND_COUNT] = {
	    [DEADLINE_CONNECT] = t->connect_ms,
	    [DEADLINE_HEAD] = t->head_ms,
	    [DEADLINE_BODY_IDLE] = t->body_idle_ms,
	    [DEADLINE_RESPONSE_HEAD] = t->response_head_ms,
	    [DEADLINE_KEEP_ALIVE] = t->keep_alive_ms,
	    [DEADLINE_POOL_IDLE] = t->pool_idle_ms,
	    [DEADLINE_TUNNEL_IDLE] = t->tunnel_idle_ms,
	    [DEADLINE_RECOGNISE] = t->recognise_ms,
	    [DEADLINE_LINGER] = t->linger_ms,
	    [DEADLINE_STAGGER] = stagger_ms,
	    [DEADLINE_RECORD] = record_ms,
	};

	all->waiting = 0;
	for (int kind = 0; kind < DEADLINE_KIND_COUNT; kind++) {
		struct deadline *head = &all->queue[kind];

		head->next = head->prev = head;
		all->length_us[kind] = (int64_t)ms[kind] * 1000;
	}
}

static void unlink_deadline(struct deadlines *all, struct deadline *d)
{
	d->prev->next = d->next;
	d->next->prev = d->prev;
	d->next = d->prev = NULL;
	all->waiting--;
}

void deadline_set(struct deadlines *all, struct deadline *d, enum deadline_kind kind, int64_t now_us)
{
	struct deadline *head = &all->queue[kind];

	if (d->next)
		unlink_deadline(all, d);
	d->kind = kind;
	d->at_us = now_us + all->length_us[kind];
	d->prev = head->prev;
	d->next = head;
	head->prev->next = d;
	head->prev = d;
	all->waiting++;
}

void deadline_clear(struct deadlines *all, struct deadline *d)
{
	if (d->next)
		unlink_deadline(all, d);
}

void deadlines_run(struct deadlines *all, int64_t now_us)
{
	for (int kind = 0; kind < DEADLINE_KIND_COUNT; kind++) {
		struct deadline *head = &all->queue[kind];

		/* A callback may set deadlines again, but only behind what is due now: this ends. */
		while (head->next != head && head->next->at_us <= now_us) {
			struct deadline *d = head->next;

			unlink_deadline(all, d);
			d->due(d);
		}
	}
}
