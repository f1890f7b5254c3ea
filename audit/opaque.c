/* SPDX-License-Identifier: MIT
 *
 * Matches tunnels by their authority alone (RULES.md §4.3). Called by observe.c when one is known to be opaque, and by
 * match.c when an expectation has had no follow-up. */
#include "audit/opaque.h"

#include "audit/score.h"

#define TUNNEL_FRESH_US (60 * 1000 * 1000LL) /* a tunnel after so long without one is likely to be for the redirect */

static const char opened[] = "the client opened an opaque tunnel to the target";

/* The origins that a tunnel to this authority may serve: plain, TLS, and TLS where http was asked for. */
static struct client_tunnel tunnel_of(const struct audit *a, uint64_t connection, const struct uri *authority)
{
	struct client_tunnel tunnel = {.connection = connection};
	struct uri u = *authority;
	u.scheme = BYTES("http");
	tunnel.origin[0] = uri_origin_hash(&u, a->config.seed);
	u.scheme = BYTES("https");
	tunnel.origin[1] = uri_origin_hash(&u, a->config.seed);
	if (uri_port(&u) == 443) {
		u.scheme = BYTES("http");
		u.port = BYTES("80");
		tunnel.upgraded = uri_origin_hash(&u, a->config.seed);
	}
	return tunnel;
}

static void close_behind(struct audit *a, struct known_client *client, const struct audit_client *who,
			 const struct client_tunnel *tunnel, int64_t now_us)
{
	const struct peer *peer = peer_find(&a->peers, who->connection);
	for (struct link *l = client->expectations.next, *next; l != &client->expectations; l = next) {
		struct expectation *e = OWNER_OF(l, struct expectation, in_client);
		next = l->next;
		if (e->state != EXPECTATION_OPEN ||
		    peer_kinship(e->request->peer, peer, e->request->response_us) == KIN_STRANGERS)
			continue;
		/* A client that knows HSTS may have done so; but the right request may come yet. */
		if (e->target_origin == tunnel->upgraded)
			e->tunnel = TUNNEL_UPGRADED;
		if (e->target_origin != tunnel->origin[0] && e->target_origin != tunnel->origin[1])
			continue;
		bool fresh = !client_had_tunnel(client, e->target_origin, now_us - TUNNEL_FRESH_US);
		struct score s = score_of_tunnel(e, who, fresh, now_us);
		e->tunnel = TUNNEL_OPENED;
		e->score = s.points;
		e->confidence = s.confidence;
		/* Somebody else's, perhaps: better evidence is waited for. */
		if (s.confidence != CONFIDENCE_NONE)
			hop_unfollowed(a, e, OUTCOME_LEFT_VISIBILITY, opened, true, now_us);
	}
}

void opaque_opened(struct audit *a, const struct audit_client *who, const struct uri *authority, int64_t now_us)
{
	struct client_tunnel tunnel = tunnel_of(a, who->connection, authority);
	struct known_client *client = client_take(&a->clients, who);
	if (!client)
		return;
	close_behind(a, client, who, &tunnel, now_us);
	client_tunnel_add(&a->clients, client, &tunnel);
	client_drop(&a->clients, client);
}

bool opaque_explains(struct audit *a, struct expectation *e, int64_t now_us)
{
	const char *reason = opened;
	/* One that has ended since may have been how it followed. */
	if (e->tunnel == TUNNEL_NONE && client_had_tunnel(e->request->client, e->target_origin, e->at_us)) {
		e->tunnel = TUNNEL_OPEN;
		reason = "the client had an opaque tunnel to the target";
	}
	if (e->tunnel == TUNNEL_NONE)
		return false;
	if (e->tunnel == TUNNEL_UPGRADED)
		reason = "the client opened an opaque tunnel to the target's host, port 443 instead of 80";
	hop_unfollowed(a, e, OUTCOME_LEFT_VISIBILITY, reason, true, now_us);
	return true;
}
