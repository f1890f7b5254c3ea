/* SPDX-License-Identifier: MIT
 *
 * Heads as they go on, byte for byte. */
#include <stdio.h>

#include "parser/http_parser.h"
#include "proxy/relay/forward.h"
#include "tests/unit/proxy/relay/check_main.h"

static const struct http_limits limits = {.target_max = 4096, .field_max = 4096, .head_max = 16384, .fields_max = 64};
static char out[8192];

static const char *request(const char *raw, bool upgrade, int64_t max_forwards)
{
	struct http_field fields[64];
	struct http_head head = {.fields = fields, .fields_max = 64};
	struct forward_request f = {.head = &head, .via = "us", .upgrade = upgrade, .max_forwards = max_forwards};
	struct uri url;
	size_t len;

	ck_assert_int_eq(http_parse_request(bytes_str(raw), &limits, &head), HTTP_OK);
	ck_assert_int_eq(uri_parse_http(head_target(&head), &url), URI_OK);
	f.url = &url;
	len = forward_request(out, sizeof(out) - 1, &f);
	ck_assert_uint_gt(len, 0);
	for (size_t room = 0; room < len; room++) {
		char small[8192];

		ck_assert_uint_eq(forward_request(small, room, &f), 0);
	}
	out[len] = '\0';
	return out;
}

/* As above towards the next proxy; `url` is what the target means. */
static const char *request_on(const char *raw, enum forward_form form, const char *authorization)
{
	struct http_field fields[64];
	struct http_head head = {.fields = fields, .fields_max = 64};
	struct forward_request f = {
	    .head = &head, .via = "us", .max_forwards = -1, .form = form, .authorization = authorization};
	struct uri url;
	size_t len;

	ck_assert_int_eq(http_parse_request(bytes_str(raw), &limits, &head), HTTP_OK);
	if (form == FORWARD_AUTHORITY)
		ck_assert_int_eq(uri_parse_authority(head_target(&head), &url), URI_OK);
	else
		ck_assert_int_eq(uri_parse_http(head_target(&head), &url), URI_OK);
	f.url = &url;
	len = forward_request(out, sizeof(out) - 1, &f);
	ck_assert_uint_gt(len, 0);
	out[len] = '\0';
	return out;
}

static const char *response(const char *raw, enum forward_connection connection, bool upgrade, bool dechunk)
{
	struct http_field fields[64];
	struct http_head head = {.fields = fields, .fields_max = 64};
	const struct forward_response f = {
	    .head = &head, .via = "us", .connection = connection, .upgrade = upgrade, .dechunk = dechunk};
	size_t len;

	ck_assert_int_eq(http_parse_response(bytes_str(raw), &limits, BYTES("GET"), &head), HTTP_OK);
	len = forward_response(out, sizeof(out) - 1, &f);
	ck_assert_uint_gt(len, 0);
	out[len] = '\0';
	return out;
}

START_TEST(an_absolute_target_becomes_origin_form_and_nothing_else_changes)
{
	ck_assert_str_eq(
	    request("GET http://a.test/x%2fY?q=1 HTTP/1.1\r\nHost: a.test\r\naCCEPT:  */* \r\nX: 1\r\nX: 2\r\n\r\n",
		    false, -1),
	    "GET /x%2fY?q=1 HTTP/1.1\r\nHost: a.test\r\naCCEPT:  */* \r\nX: 1\r\nX: 2\r\nVia: 1.1 us\r\n\r\n");
}
END_TEST

START_TEST(hop_by_hop_fields_and_what_connection_nominates_stay_behind)
{
	ck_assert_str_eq(
	    request("GET http://a/ HTTP/1.1\r\nHost: a\r\nConnection: close, X-Secret\r\nx-secret: 1\r\n"
		    "Keep-Alive: timeout=5\r\nProxy-Connection: keep-alive\r\nProxy-Authorization: Basic eA==\r\n"
		    "TE: gzip\r\nUpgrade: websocket\r\nX-Kept: 1\r\n\r\n",
		    false, -1),
	    "GET / HTTP/1.1\r\nHost: a\r\nX-Kept: 1\r\nVia: 1.1 us\r\n\r\n");
}
END_TEST

START_TEST(host_is_kept_when_it_agrees_and_replaced_in_place_when_not)
{
	ck_assert_str_eq(request("GET http://A.test:80/ HTTP/1.1\r\nX: 1\r\nhost: a.TEST\r\n\r\n", false, -1),
			 "GET / HTTP/1.1\r\nX: 1\r\nhost: a.TEST\r\nVia: 1.1 us\r\n\r\n");
	ck_assert_str_eq(request("GET http://b:81/ HTTP/1.1\r\nHost: a\r\nX: 1\r\n\r\n", false, -1),
			 "GET / HTTP/1.1\r\nHost: b:81\r\nX: 1\r\nVia: 1.1 us\r\n\r\n");
	ck_assert_str_eq(request("GET http://b/ HTTP/1.0\r\nX: 1\r\n\r\n", false, -1),
			 "GET / HTTP/1.1\r\nHost: b\r\nX: 1\r\nVia: 1.0 us\r\n\r\n");
	ck_assert_str_eq(request("GET http://b/ HTTP/1.1\r\nHost:\r\n\r\n", false, -1),
			 "GET / HTTP/1.1\r\nHost: b\r\nVia: 1.1 us\r\n\r\n");
}
END_TEST

START_TEST(userinfo_and_fragment_do_not_go_on)
{
	ck_assert_str_eq(request("GET http://u:p@a/x#f HTTP/1.1\r\nHost: a\r\n\r\n", false, -1),
			 "GET /x HTTP/1.1\r\nHost: a\r\nVia: 1.1 us\r\n\r\n");
}
END_TEST

START_TEST(an_empty_path_becomes_a_slash_or_for_options_a_star)
{
	ck_assert_str_eq(request("GET http://a?q HTTP/1.1\r\nHost: a\r\n\r\n", false, -1),
			 "GET /?q HTTP/1.1\r\nHost: a\r\nVia: 1.1 us\r\n\r\n");
	ck_assert_str_eq(request("OPTIONS http://a HTTP/1.1\r\nHost: a\r\n\r\n", false, -1),
			 "OPTIONS * HTTP/1.1\r\nHost: a\r\nVia: 1.1 us\r\n\r\n");
	ck_assert_str_eq(request("OPTIONS http://a/ HTTP/1.1\r\nHost: a\r\n\r\n", false, -1),
			 "OPTIONS / HTTP/1.1\r\nHost: a\r\nVia: 1.1 us\r\n\r\n");
}
END_TEST

START_TEST(upgrade_and_te_trailers_go_on_with_a_connection_field_of_ours)
{
	ck_assert_str_eq(
	    request("GET http://a/ HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n", true, -1),
	    "GET / HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\nVia: 1.1 us\r\nConnection: Upgrade\r\n\r\n");
	ck_assert_str_eq(
	    request("GET http://a/ HTTP/1.1\r\nHost: a\r\nTE: trailers\r\nConnection: TE\r\n\r\n", false, -1),
	    "GET / HTTP/1.1\r\nHost: a\r\nVia: 1.1 us\r\nTE: trailers\r\nConnection: TE\r\n\r\n");
}
END_TEST

START_TEST(max_forwards_is_written_anew)
{
	ck_assert_str_eq(request("TRACE http://a/ HTTP/1.1\r\nHost: a\r\nmax-Forwards:   7\r\n\r\n", false, 6),
			 "TRACE / HTTP/1.1\r\nHost: a\r\nmax-Forwards: 6\r\nVia: 1.1 us\r\n\r\n");
}
END_TEST

START_TEST(a_response_keeps_its_lines_and_says_what_we_speak)
{
	ck_assert_str_eq(
	    response("HTTP/1.0 302 Moved \xc3\xa9\r\nSet-Cookie: a\r\nset-cookie: b\r\nLocation: /x\r\nLocation: /y\r\n"
		     "Connection: close, X\r\nX: 1\r\nContent-Length: 0\r\n\r\n",
		     FORWARD_CONNECTION_KEEP_ALIVE, false, false),
	    "HTTP/1.1 302 Moved \xc3\xa9\r\nSet-Cookie: a\r\nset-cookie: b\r\nLocation: /x\r\nLocation: /y\r\n"
	    "Content-Length: 0\r\nVia: 1.0 us\r\nConnection: keep-alive\r\n\r\n");
	ck_assert_str_eq(response("HTTP/1.1 200\r\nUpgrade: h2c\r\n\r\n", FORWARD_CONNECTION_CLOSE, false, false),
			 "HTTP/1.1 200\r\nVia: 1.1 us\r\nConnection: close\r\n\r\n");
}
END_TEST

START_TEST(framing_that_may_not_be_there_does_not_go_on)
{
	ck_assert_str_eq(response("HTTP/1.1 204 No Content\r\nContent-Length: 5\r\nX: 1\r\n\r\n",
				  FORWARD_CONNECTION_NONE, false, false),
			 "HTTP/1.1 204 No Content\r\nX: 1\r\nVia: 1.1 us\r\n\r\n");
	ck_assert_str_eq(response("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nTrailer: X\r\n\r\n",
				  FORWARD_CONNECTION_CLOSE, false, true),
			 "HTTP/1.1 200 OK\r\nVia: 1.1 us\r\nConnection: close\r\n\r\n");
}
END_TEST

START_TEST(a_switch_of_protocols_keeps_its_upgrade)
{
	ck_assert_str_eq(
	    response("HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n",
		     FORWARD_CONNECTION_NONE, true, false),
	    "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nVia: 1.1 us\r\nConnection: Upgrade\r\n\r\n");
}
END_TEST

static struct http_head head_of(const char *raw, struct http_field *fields)
{
	struct http_head head = {.fields = fields, .fields_max = 64};

	ck_assert_int_eq(http_parse_request(bytes_str(raw), &limits, &head), HTTP_OK);
	return head;
}

START_TEST(h2c_is_declined_and_other_upgrades_are_wanted)
{
	struct http_field fields[64];
	struct http_head h2c =
	    head_of("GET http://a/ HTTP/1.1\r\nHost: a\r\nUpgrade: foo, h2c\r\nConnection: upgrade\r\n\r\n", fields);

	ck_assert(!forward_upgrade_wanted(&h2c));
	{
		struct http_head ws = head_of("GET http://a/ HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\nConnection: "
					      "keep-alive, upgrade\r\n\r\n",
					      fields);

		ck_assert(forward_upgrade_wanted(&ws));
	}
	{
		struct http_head alone =
		    head_of("GET http://a/ HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\n\r\n", fields);

		ck_assert(!forward_upgrade_wanted(&alone));
	}
}
END_TEST

START_TEST(our_own_pseudonym_in_via_is_a_loop_and_others_are_not)
{
	struct http_field fields[64];
	struct http_head head =
	    head_of("GET http://a/ HTTP/1.1\r\nHost: a\r\nVia: 1.0 fred, 1.1 Us (comment)\r\n\r\n", fields);

	ck_assert(forward_loops(&head, "us"));
	ck_assert(!forward_loops(&head, "u"));
	ck_assert(!forward_loops(&head, "comment"));
}
END_TEST

START_TEST(the_next_proxy_gets_absolute_form_without_userinfo_and_fragment)
{
	ck_assert_str_eq(
	    request_on("GET http://me:pw@A.test:81/x%2fY?q=1#f HTTP/1.1\r\nHost: A.test:81\r\nX: 1\r\n\r\n",
		       FORWARD_ABSOLUTE, NULL),
	    "GET http://A.test:81/x%2fY?q=1 HTTP/1.1\r\nHost: A.test:81\r\nX: 1\r\nVia: 1.1 us\r\n\r\n");
	ck_assert_str_eq(request_on("GET http://a?q HTTP/1.1\r\nHost: a\r\n\r\n", FORWARD_ABSOLUTE, NULL),
			 "GET http://a/?q HTTP/1.1\r\nHost: a\r\nVia: 1.1 us\r\n\r\n");
}
END_TEST

START_TEST(options_of_the_whole_server_has_no_path_until_the_last_proxy)
{
	ck_assert_str_eq(request_on("OPTIONS http://a HTTP/1.1\r\nHost: a\r\n\r\n", FORWARD_ABSOLUTE, NULL),
			 "OPTIONS http://a HTTP/1.1\r\nHost: a\r\nVia: 1.1 us\r\n\r\n");
}
END_TEST

START_TEST(the_next_proxy_gets_our_credentials_and_not_the_clients)
{
	ck_assert_str_eq(request_on("GET http://a/ HTTP/1.1\r\nHost: a\r\nProxy-Authorization: Basic theirs\r\n\r\n",
				    FORWARD_ABSOLUTE, "Proxy-Authorization: Basic ours\r\n"),
			 "GET http://a/ HTTP/1.1\r\nHost: a\r\nProxy-Authorization: Basic ours\r\nVia: 1.1 us\r\n\r\n");
}
END_TEST

START_TEST(connect_goes_on_in_authority_form_with_its_other_fields)
{
	ck_assert_str_eq(request_on("CONNECT a.test:443 HTTP/1.0\r\nUser-Agent: c/1\r\nVia: 1.1 before\r\n"
				    "Proxy-Connection: keep-alive\r\nProxy-Authorization: Basic theirs\r\n\r\n",
				    FORWARD_AUTHORITY, NULL),
			 "CONNECT a.test:443 HTTP/1.1\r\nHost: a.test:443\r\nUser-Agent: c/1\r\nVia: 1.1 before\r\n"
			 "Via: 1.0 us\r\n\r\n");
	ck_assert_str_eq(request_on("CONNECT [::1]:443 HTTP/1.1\r\nhost: [::1]:443\r\n\r\n", FORWARD_AUTHORITY, NULL),
			 "CONNECT [::1]:443 HTTP/1.1\r\nhost: [::1]:443\r\nVia: 1.1 us\r\n\r\n");
}
END_TEST

static const char *retargeted(const char *raw, const char *to)
{
	struct http_field fields[64];
	struct http_head head = {.fields = fields, .fields_max = 64};
	struct uri url;
	size_t len;

	ck_assert_int_eq(http_parse_request(bytes_str(raw), &limits, &head), HTTP_OK);
	ck_assert_int_eq(uri_parse_http(bytes_str(to), &url), URI_OK);
	len = forward_retargeted(out, sizeof(out) - 1, &head, &url);
	ck_assert_uint_gt(len, 0);
	ck_assert_uint_eq(forward_retargeted(out, len - 1, &head, &url), 0);
	len = forward_retargeted(out, sizeof(out) - 1, &head, &url);
	out[len] = '\0';
	return out;
}

START_TEST(in_a_tunnel_target_and_host_alone_are_replaced)
{
	ck_assert_str_eq(
	    retargeted("POST /x?q=1&hopaudit=2 HTTP/1.0\r\nA:  b \r\nHost: in.test\r\nTE: trailers\r\n\r\n",
		       "https://a.test:8443/x?q=1"),
	    "POST /x?q=1 HTTP/1.0\r\nA:  b \r\nHost: a.test:8443\r\nTE: trailers\r\n\r\n");
	ck_assert_str_eq(retargeted("GET /?hopaudit=2 HTTP/1.1\r\nhost: a.test\r\n\r\n", "https://a.test"),
			 "GET / HTTP/1.1\r\nhost: a.test\r\n\r\n");
	ck_assert_str_eq(retargeted("GET http://in.test/x HTTP/1.1\r\nHost: in.test\r\n\r\n", "http://a.test/x"),
			 "GET http://a.test/x HTTP/1.1\r\nHost: a.test\r\n\r\n");
}
END_TEST

RUN_CASES("forward", an_absolute_target_becomes_origin_form_and_nothing_else_changes,
	  hop_by_hop_fields_and_what_connection_nominates_stay_behind,
	  host_is_kept_when_it_agrees_and_replaced_in_place_when_not, userinfo_and_fragment_do_not_go_on,
	  an_empty_path_becomes_a_slash_or_for_options_a_star,
	  upgrade_and_te_trailers_go_on_with_a_connection_field_of_ours, max_forwards_is_written_anew,
	  a_response_keeps_its_lines_and_says_what_we_speak, framing_that_may_not_be_there_does_not_go_on,
	  a_switch_of_protocols_keeps_its_upgrade, h2c_is_declined_and_other_upgrades_are_wanted,
	  our_own_pseudonym_in_via_is_a_loop_and_others_are_not,
	  the_next_proxy_gets_absolute_form_without_userinfo_and_fragment,
	  options_of_the_whole_server_has_no_path_until_the_last_proxy,
	  the_next_proxy_gets_our_credentials_and_not_the_clients,
	  connect_goes_on_in_authority_form_with_its_other_fields, in_a_tunnel_target_and_host_alone_are_replaced)
