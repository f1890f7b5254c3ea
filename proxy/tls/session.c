/* SPDX-License-Identifier: MIT */
#include "proxy/tls/session.h"

#include <stdlib.h>
#include <string.h>

static struct session_entry *slot(struct sessions *s, uint64_t origin_hash)
{
	return s->entries ? &s->entries[origin_hash % SESSIONS_MAX] : NULL;
}

SSL_SESSION *session_find(struct sessions *s, uint64_t origin_hash, const char *name)
{
	struct session_entry *e = slot(s, origin_hash);

	if (!e || !e->session || e->origin_hash != origin_hash || strcmp(e->name, name) != 0)
		return NULL;
	return SSL_SESSION_is_resumable(e->session) ? e->session : NULL;
}

void session_store(struct sessions *s, uint64_t origin_hash, const char *name, SSL_SESSION *session)
{
	struct session_entry *e;

	if (!s->entries)
		s->entries = calloc(SESSIONS_MAX, sizeof(*s->entries));
	e = slot(s, origin_hash);
	if (!e || strlen(name) >= sizeof(e->name)) {
		SSL_SESSION_free(session);
		return;
	}
	SSL_SESSION_free(e->session);
	e->session = session;
	e->origin_hash = origin_hash;
	strcpy(e->name, name);
}

void sessions_free(struct sessions *s)
{
	for (int i = 0; s->entries && i < SESSIONS_MAX; i++)
		SSL_SESSION_free(s->entries[i].session);
	free(s->entries);
	s->entries = NULL;
}
