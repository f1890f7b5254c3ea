/* SPDX-License-Identifier: MIT
 *
 * A client as the audit knows it over many connections: by its tag where it gives one, by its address otherwise. Holds
 * what it was asked to follow and is not done with, whether it follows redirects at all, and which opaque tunnels it
 * has. Under the tracker's lock. */
#ifndef AUDIT_CLIENT_H
#define AUDIT_CLIENT_H

#include "audit/exchange.h"
#include "audit/intern.h"
#include "audit/list.h"

#define CLIENT_TUNNELS_MAX 8
#define CLIENT_FOLLOWERS_MAX 4

struct client_tunnel {
	uint64_t connection; /* 0: this place is free */
	uint64_t origin[2];  /* hashes of its authority as an http and as an https origin */
	uint64_t upgraded;   /* hash of the http origin that it may stand for: port 80 of the same host; 0: none */
	int64_t ended_us;    /* it is over since then; 0: open */
};

/* Kept while anything refers to it, and a while longer (CLIENTS_IDLE_MAX of them), so that what it did before counts.
 */
struct known_client {
	struct node node; /* in clients.table */
	unsigned refs;
	bool anonymous_follower;                      /* one without a User-Agent followed */
	unsigned open;                                /* expectations in the list below */
	unsigned chains;                              /* of it that have not ended */
	struct text *followers[CLIENT_FOLLOWERS_MAX]; /* references: user agents of it that followed a redirect */
	struct text *tag; /* a reference, or NULL: then the address is what it is known by */
	uint8_t address[16];
	struct link expectations;      /* oldest first; elements: expectation.in_client */
	struct link idle;              /* in clients.idle while refs is 0 */
	struct client_tunnel *tunnels; /* owned; NULL: none yet */
};

struct clients {
	struct table table;
	struct link idle; /* least recently used first */
	unsigned idle_count;
	struct intern *intern; /* borrowed */
	uint64_t seed;
};

bool clients_init(struct clients *cs, struct intern *in, uint64_t seed) NODISCARD;
/* Frees those that nothing refers to; then everything (no client may be referred to any more). */
void clients_forget(struct clients *cs);
void clients_free(struct clients *cs);

/* The client behind a connection, or NULL where it is not known. */
struct known_client *client_find(struct clients *cs, const struct audit_client *who);

/* The same, made where it is not known, with a reference for the caller. NULL when memory is short. */
struct known_client *client_take(struct clients *cs, const struct audit_client *who) NODISCARD;

/* Gives a reference back. */
void client_drop(struct clients *cs, struct known_client *c);

/* Remembers, and asks, whether a program of this client (by its User-Agent; NULL where it has none) follows redirects.
 * Several programs share an address. */
void client_note_follower(struct known_client *c, struct text *agent);
bool client_is_follower(const struct known_client *c, const struct text *agent) NODISCARD;

/* Opaque tunnels: the newest CLIENT_TUNNELS_MAX are remembered, open or not. */
void client_tunnel_add(struct clients *cs, struct known_client *c, const struct client_tunnel *tunnel);
bool client_had_tunnel(const struct known_client *c, uint64_t origin, int64_t since_us) NODISCARD;
void client_tunnels_end(struct known_client *c, uint64_t connection, int64_t now_us);

#endif
