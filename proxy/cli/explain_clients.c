/* SPDX-License-Identifier: MIT
 *
 * `hopaudit explain clients`: what clients do by default when they are redirected, from the table that findings are
 * explained with. */
#include "audit/client_table.h"
#include "proxy/cli/explain.h"

static const char *move_text(enum client_move move)
{
	static const char *const texts[] = {
	    [MOVE_KEEPS] = "same", [MOVE_GET] = "GET", [MOVE_BARE] = "empty", [MOVE_STOPS] = "stops"};
	return texts[move];
}

static void print_client(FILE *out, const struct client_row *c)
{
	fprintf(out, "%-23s", c->name);
	for (unsigned i = 0; i < CASE_COUNT; i++)
		fprintf(out, " %-6s", move_text(c->moves[i]));
	fprintf(out, " %u%s%s\n", c->follows_max, c->limit ? ", " : "", c->limit ? c->limit : "");
	fprintf(out, "    drops: %s\n", c->secrets);
	if (c->exceptions)
		fprintf(out, "    keeps these methods where others become GET: %s\n", c->exceptions);
}

void explain_clients(FILE *out)
{
	fputs("What becomes of a request that is redirected, by default\n"
	      "(same: method and content; empty: the method without its content; other: neither GET, HEAD nor POST)\n\n"
	      "                        301           302           303           307, 308\n"
	      "client                  POST   other  POST   other  POST   other  POST   other  redirects in a row\n",
	      out);
	for (size_t i = 0; i < clients_known; i++)
		print_client(out, &clients_all[i]);
}
