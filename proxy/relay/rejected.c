/* SPDX-License-Identifier: MIT */
#include "proxy/relay/rejected.h"

void rejected_init(struct rejected *r)
{
	r->count = r->next = 0;
	pthread_mutex_init(&r->lock, NULL);
}

void rejected_free(struct rejected *r)
{
	pthread_mutex_destroy(&r->lock);
}

/* Its index, or -1. */
static int find(const struct rejected *r, struct bytes host)
{
	for (unsigned i = 0; i < r->count; i++) {
		if (bytes_equal_nocase(bytes_str(r->host[i]), host))
			return (int)i;
	}
	return -1;
}

bool rejected_has(struct rejected *r, struct bytes host)
{
	int at;
	bool sure;

	pthread_mutex_lock(&r->lock);
	at = find(r, host);
	sure = at >= 0 && r->sure[at];
	pthread_mutex_unlock(&r->lock);
	return sure;
}

static void add_new(struct rejected *r, struct bytes host, bool sure)
{
	memcpy(r->host[r->next], host.ptr, host.len);
	r->host[r->next][host.len] = '\0';
	r->sure[r->next] = sure;
	r->next = (r->next + 1) % REJECTED_MAX;
	if (r->count < REJECTED_MAX)
		r->count++;
}

void rejected_add(struct rejected *r, struct bytes host, bool sure)
{
	int at;

	if (host.len == 0 || host.len >= sizeof(r->host[0]))
		return;
	pthread_mutex_lock(&r->lock);
	at = find(r, host);
	if (at >= 0)
		r->sure[at] = true;
	else
		add_new(r, host, sure);
	pthread_mutex_unlock(&r->lock);
}
