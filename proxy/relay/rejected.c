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

static bool known(const struct rejected *r, struct bytes host)
{
	for (unsigned i = 0; i < r->count; i++)
		if (bytes_equal_nocase(bytes_str(r->host[i]), host))
			return true;
	return false;
}

bool rejected_has(struct rejected *r, struct bytes host)
{
	bool found;

	pthread_mutex_lock(&r->lock);
	found = known(r, host);
	pthread_mutex_unlock(&r->lock);
	return found;
}

void rejected_add(struct rejected *r, struct bytes host)
{
	if (host.len == 0 || host.len >= sizeof(r->host[0]))
		return;
	pthread_mutex_lock(&r->lock);
	if (!known(r, host)) {
		memcpy(r->host[r->next], host.ptr, host.len);
		r->host[r->next][host.len] = '\0';
		r->next = (r->next + 1) % REJECTED_MAX;
		if (r->count < REJECTED_MAX)
			r->count++;
	}
	pthread_mutex_unlock(&r->lock);
}
