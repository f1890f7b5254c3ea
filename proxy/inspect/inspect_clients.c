/* SPDX-License-Identifier: MIT */
#include "proxy/inspect/inspect_clients.h"

#include <stdio.h>
#include <string.h>

/* A request on its way through the chain. */
struct travel {
	const char *method;
	bool content;
	int changed_by; /* the status that changed it first; 0: none */
};

static void change(struct travel *t, const char *method, int status)
{
	if (t->changed_by == 0)
		t->changed_by = status;
	t->method = method;
	t->content = false;
}

static void end(struct client_outcome *out, enum arrival arrival, const char *text)
{
	out->arrival = arrival;
	snprintf(out->text, sizeof(out->text), "%s", text);
}

void inspect_client(const struct inspection *in, const struct client_row *client, struct client_outcome *out)
{
	struct travel t = {.method = in->steps[0].method, .content = in->steps[0].has_content};
	unsigned followed = 0;

	for (unsigned i = 0; i < in->step_count && in->steps[i].redirects; i++) {
		int status = in->steps[i].answer.head.status;
		enum client_move move = client_move_of(client, status, bytes_str(t.method));

		if (client->follows_max > 0 && followed == client->follows_max) {
			snprintf(out->text, sizeof(out->text), "gives up: it follows %u redirects",
				 client->follows_max);
			out->arrival = ARRIVES_NOT;
			return;
		}
		if (move == MOVE_STOPS) {
			snprintf(out->text, sizeof(out->text), "stops at the %d", status);
			out->arrival = ARRIVES_NOT;
			return;
		}
		if (move == MOVE_GET && strcmp(t.method, "GET") != 0)
			change(&t, "GET", status);
		else if (move == MOVE_BARE && t.content)
			change(&t, t.method, status);
		followed++;
	}
	if (in->loops) {
		end(out, ARRIVES_NOT, "goes round until it gives up");
		return;
	}
	if (t.changed_by == 0) {
		end(out, ARRIVES_WHOLE, followed > 0 ? "arrives as it was sent" : "has nothing to follow");
		return;
	}
	out->arrival = ARRIVES_CHANGED;
	snprintf(out->text, sizeof(out->text), "arrives as %s%s (changed by the %d)", t.method,
		 in->steps[0].has_content ? ", without its content" : "", t.changed_by);
}
