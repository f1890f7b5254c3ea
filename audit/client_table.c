/* SPDX-License-Identifier: MIT
 *
 * The table, read from the clients' sources and checked by running them where RULES.md §6 says so. Where a client's
 * defaults differ between versions, the row is of the newest that was read. */
#include "audit/client_table.h"

#define KEEPS MOVE_KEEPS
#define GET MOVE_GET
#define BARE MOVE_BARE
#define STOPS MOVE_STOPS

/* Nobody drops these at another origin. */
#define EVERYBODY "api-key-cross-origin"

/* clang-format off */
static const struct client_row table[] = {
	/*  301: POST  other   302: POST  other   303: POST  other   307: POST  other */
	{"curl", "curl/", 50, "30 as a library",
	 {GET, KEEPS, GET, KEEPS, GET, GET, KEEPS, KEEPS}, 0, NULL,
	 "Authorization and Cookie: other host, port or scheme than the first", EVERYBODY},
	{"curl -X", "curl/", 50, NULL,
	 {BARE, BARE, BARE, BARE, BARE, BARE, KEEPS, KEEPS}, 0, NULL,
	 "Authorization and Cookie: other host, port or scheme than the first", "see-other-not-get " EVERYBODY},
	{"Go net/http", "Go-http-client/", 9, NULL,
	 {GET, GET, GET, GET, GET, GET, KEEPS, KEEPS}, 0, NULL,
	 "Authorization and Cookie: not the same host nor a subdomain of it", "stale-content-headers " EVERYBODY},
	{"requests", "python-requests/", 30, NULL,
	 {GET, BARE, GET, GET, GET, GET, KEEPS, KEEPS}, 0, NULL,
	 "Authorization: other host, port or scheme; Cookie comes from its jar", EVERYBODY},
	{"urllib3", "python-urllib3/", 3, NULL,
	 {KEEPS, KEEPS, KEEPS, KEEPS, GET, GET, KEEPS, KEEPS}, HEAD_GET_303, NULL,
	 "Authorization, Cookie, Proxy-Authorization: other origin", EVERYBODY},
	{"Python urllib", "Python-urllib/", 10, "the same URL 4 times",
	 {GET, STOPS, GET, STOPS, GET, STOPS, STOPS, STOPS},
	 HEAD_GET_301 | HEAD_GET_302 | HEAD_GET_303 | HEAD_GET_307, NULL,
	 "none", "authorization-cross-origin cookie-cross-site " EVERYBODY},
	{"httpx", "python-httpx/", 20, "only when asked to follow",
	 {GET, KEEPS, GET, GET, GET, GET, KEEPS, KEEPS}, 0, NULL,
	 "Authorization: other origin, but not from http to https", "stale-content-headers " EVERYBODY},
	{"aiohttp", "aiohttp/ Python/", 9, NULL,
	 {GET, KEEPS, GET, KEEPS, GET, GET, KEEPS, KEEPS}, 0, NULL,
	 "Authorization, Cookie, Proxy-Authorization: other origin", EVERYBODY},
	{"browsers (Fetch)", "Mozilla/", 20, NULL,
	 {GET, KEEPS, GET, KEEPS, GET, GET, KEEPS, KEEPS}, 0, NULL,
	 "Authorization: other origin", EVERYBODY},
	{"Node fetch (undici)", "node undici", 20, "the dispatcher only when told how many",
	 {GET, KEEPS, GET, KEEPS, GET, GET, KEEPS, KEEPS}, 0, NULL,
	 "Authorization, Cookie, Proxy-Authorization: other origin", EVERYBODY},
	{"axios, follow-redirects", "axios/ follow-redirects", 21, NULL,
	 {GET, KEEPS, GET, KEEPS, GET, GET, KEEPS, KEEPS}, 0, NULL,
	 "Authorization and Cookie: no subdomain, or another scheme that is not https", EVERYBODY},
	{"OkHttp", "okhttp/", 20, NULL,
	 {GET, GET, GET, GET, GET, GET, KEEPS, KEEPS}, 0, "PROPFIND QUERY",
	 "Authorization: other host, port or scheme", EVERYBODY},
	{"Java HttpClient", "Java-http-client/ Java/", 4, "only when asked to follow",
	 {GET, KEEPS, GET, KEEPS, GET, GET, KEEPS, KEEPS}, HEAD_GET_303, NULL,
	 "none", "stale-content-headers authorization-cross-origin cookie-cross-site " EVERYBODY},
	{"Apache HttpClient", "Apache-HttpClient/", 50, NULL,
	 {GET, KEEPS, GET, KEEPS, GET, GET, KEEPS, KEEPS}, 0, NULL,
	 "does not follow to another origin with Authorization or Cookie", EVERYBODY},
	{".NET HttpClient", ".NET dotnet", 50, "not from https to http",
	 {GET, KEEPS, GET, KEEPS, GET, GET, KEEPS, KEEPS}, 0, NULL,
	 "Authorization: on every redirect", "authorization-lost-same-origin " EVERYBODY},
	{"Wget", "Wget/", 20, NULL,
	 {GET, KEEPS, GET, KEEPS, GET, GET, KEEPS, KEEPS}, 0, NULL,
	 "none that --header gave", "authorization-cross-origin cookie-cross-site " EVERYBODY},
	{"Guzzle", "GuzzleHttp/", 5, NULL,
	 {GET, GET, GET, GET, GET, GET, KEEPS, KEEPS}, 0, "OPTIONS",
	 "Authorization and Cookie: other origin", EVERYBODY},
	{"reqwest", "reqwest/", 10, NULL,
	 {GET, KEEPS, GET, KEEPS, GET, GET, KEEPS, KEEPS}, 0, NULL,
	 "Authorization, Cookie, Proxy-Authorization: other host, port or scheme", EVERYBODY},
};
/* clang-format on */

const struct client_row *const clients_all = table;
const size_t clients_known = sizeof(table) / sizeof(table[0]);

/* Takes the next of words that have spaces between. */
static bool next_word(const char **rest, struct bytes *word)
{
	while (*rest && **rest == ' ')
		(*rest)++;
	if (!*rest || !**rest)
		return false;
	*word = bytes_of(*rest, strcspn(*rest, " "));
	*rest += word->len;
	return true;
}

bool words_have(const char *words, struct bytes word)
{
	struct bytes one;
	while (next_word(&words, &one)) {
		if (bytes_equal(one, word))
			return true;
	}
	return false;
}

static bool is_of(const struct client_row *row, struct bytes user_agent)
{
	const char *rest = row->agents;
	struct bytes agent;
	while (next_word(&rest, &agent)) {
		if (bytes_starts_nocase(user_agent, agent))
			return true;
	}
	return false;
}

static const struct client_row *first_from(size_t i, struct bytes user_agent)
{
	for (; i < clients_known; i++) {
		if (is_of(&table[i], user_agent))
			return &table[i];
	}
	return NULL;
}

const struct client_row *client_row_of(struct bytes user_agent)
{
	return first_from(0, user_agent);
}

const struct client_row *client_row_next(const struct client_row *row, struct bytes user_agent)
{
	return first_from((size_t)(row - table) + 1, user_agent);
}

static enum client_move move_of_head(const struct client_row *row, int status)
{
	static const struct {
		int status;
		unsigned bit;
	} bits[] = {
	    {301, HEAD_GET_301}, {302, HEAD_GET_302}, {303, HEAD_GET_303}, {307, HEAD_GET_307}, {308, HEAD_GET_307}};
	for (size_t i = 0; i < sizeof(bits) / sizeof(bits[0]); i++) {
		if (bits[i].status == status && (row->head & bits[i].bit))
			return MOVE_GET;
	}
	return MOVE_KEEPS;
}

enum client_move client_move_of(const struct client_row *row, int status, struct bytes method)
{
	bool post = bytes_equal(method, BYTES("POST"));
	if (bytes_equal(method, BYTES("GET")))
		return MOVE_KEEPS;
	if (bytes_equal(method, BYTES("HEAD")))
		return move_of_head(row, status);
	if (words_have(row->exceptions, method))
		return MOVE_KEEPS;
	switch (status) {
	case 301:
		return row->moves[post ? CASE_301_POST : CASE_301_OTHER];
	case 302:
		return row->moves[post ? CASE_302_POST : CASE_302_OTHER];
	case 303:
		return row->moves[post ? CASE_303_POST : CASE_303_OTHER];
	case 307:
	case 308:
		return row->moves[post ? CASE_307_POST : CASE_307_OTHER];
	default:
		return MOVE_KEEPS;
	}
}

bool client_has_habit(const struct client_row *row, const char *rule)
{
	return words_have(row->habits, bytes_str(rule));
}
