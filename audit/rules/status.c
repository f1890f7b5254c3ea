/* SPDX-License-Identifier: MIT
 *
 * What each 3xx asks of a client (RULES.md §1), in one table: read by the engine, by the rules and by `hopaudit explain
 * 307`. */
#include "audit/rules/check.h"

static const struct status_row rows[] = {
    {.status = 300,
     .name = "Multiple Choices",
     .meaning = "The resource has several representations and the client may choose. Where the server prefers one "
		"it says so in Location, and a client may follow that automatically; many do not. No licence to "
		"change the method is given.",
     .source = "RFC 9110 §15.4.1",
     .expects_follow_up = true,
     .keeps_method = true},
    {.status = 301,
     .name = "Moved Permanently",
     .meaning = "The resource has a new permanent URL, in Location. For historical reasons a client may change POST "
		"to GET on the follow-up, and most do; every other method, and its content, must stay. A server "
		"that does not want that change sends 308.",
     .source = "RFC 9110 §15.4.2",
     .expects_follow_up = true,
     .keeps_method = true,
     .post_may_become_get = true},
    {.status = 302,
     .name = "Found",
     .meaning = "The resource is elsewhere for the moment, at Location. For historical reasons a client may change "
		"POST to GET on the follow-up, and most do; every other method, and its content, must stay. A "
		"server that does not want that change sends 307.",
     .source = "RFC 9110 §15.4.3",
     .expects_follow_up = true,
     .keeps_method = true,
     .post_may_become_get = true},
    {.status = 303,
     .name = "See Other",
     .meaning = "The answer to this request is to be fetched from Location, whatever the method was: the follow-up "
		"is a GET (or HEAD) without content.",
     .source = "RFC 9110 §15.4.4",
     .expects_follow_up = true,
     .becomes_get = true},
    {.status = 304,
     .name = "Not Modified",
     .meaning = "The client's stored response is still good. This answers a conditional request; it is no redirect "
		"and nothing is to be followed.",
     .source = "RFC 9110 §15.4.5",
     .keeps_method = true},
    {.status = 305,
     .name = "Use Proxy",
     .meaning = "Deprecated: once meant that the request must go through the proxy named in Location. A client "
		"must not follow it today.",
     .source = "RFC 9110 §15.4.6",
     .keeps_method = true},
    {.status = 306,
     .name = "(Unused)",
     .meaning = "Reserved and no longer used. Nothing is to be followed.",
     .source = "RFC 9110 §15.4.7",
     .keeps_method = true},
    {.status = 307,
     .name = "Temporary Redirect",
     .meaning = "The resource is elsewhere for the moment, at Location. The client must not change the method when "
		"it follows automatically, and the same method means the same content: a POST is sent again as a "
		"POST with its whole body.",
     .source = "RFC 9110 §15.4.8",
     .expects_follow_up = true,
     .keeps_method = true},
    {.status = 308,
     .name = "Permanent Redirect",
     .meaning = "The resource has a new permanent URL, in Location, and the request is to be sent there as it was: "
		"same method, same content. The permanent sibling of 307.",
     .source = "RFC 9110 §15.4.9; RFC 9110 §15.4",
     .expects_follow_up = true,
     .keeps_method = true},
};

/* Any other 3xx: a client may follow a Location without understanding the status (RFC 9110 §15.4). */
static const struct status_row other_row = {
    .status = 0,
    .name = "unregistered",
    .meaning = "A status of the redirection class that no specification defines. A client may follow its Location "
	       "all the same; it is then treated like 302 without the licence to change POST to GET.",
    .source = "RFC 9110 §15.4",
    .expects_follow_up = true,
    .keeps_method = true};

const struct status_row *status_find(int status)
{
	if (status < 300 || status > 399)
		return NULL;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		if (rows[i].status == status)
			return &rows[i];
	}
	return &other_row;
}

static bool asks_to_read(struct bytes method)
{
	return bytes_equal(method, BYTES("GET")) || bytes_equal(method, BYTES("HEAD"));
}

static bool is_connect(struct bytes method)
{
	return bytes_equal(method, BYTES("CONNECT"));
}

bool method_became_get(struct bytes method, struct bytes follow)
{
	return asks_to_read(follow) && !asks_to_read(method) && !is_connect(method) &&
	       !bytes_equal_nocase(method, follow);
}

/* CONNECT is not to be followed at all; who does so can but ask with GET. */
bool method_allowed(const struct status_row *status, struct bytes method, struct bytes follow)
{
	if (is_connect(method))
		return asks_to_read(follow);
	if (status->becomes_get)
		return asks_to_read(follow);
	if (bytes_equal(method, follow))
		return true;
	return status->post_may_become_get && bytes_equal(method, BYTES("POST")) && bytes_equal(follow, BYTES("GET"));
}
