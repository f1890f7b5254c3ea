/* SPDX-License-Identifier: MIT
 *
 * Whole heads: what is understood of them, and with which error each ambiguous one is refused. */
#include <stdio.h>

#include "tests/unit/parser/head_support.h"

/* The rest of a request whose start line and Host are right. */
#define GET "GET / HTTP/1.1\r\nHost: a\r\n"
#define POST "POST / HTTP/1.1\r\nHost: a\r\n"
#define POST_1_0 "POST / HTTP/1.0\r\nHost: a\r\n"
#define END "\r\n\r\n"

static const struct {
	struct bytes raw;
	enum http_error error;
} refused_requests[] = {
#define R(literal, error)                                                                                              \
	{                                                                                                              \
		{literal, sizeof(literal) - 1}, error                                                                  \
	}
    R("GET /\r\nHost: a" END, HTTP_ERR_START_LINE),
    R("GET" END, HTTP_ERR_START_LINE),
    R("\r\n\r\n", HTTP_ERR_START_LINE),
    R("GET  / HTTP/1.1\r\nHost: a" END, HTTP_ERR_START_LINE),
    R("GET /  HTTP/1.1\r\nHost: a" END, HTTP_ERR_START_LINE),
    R("GET / HTTP/1.1 \r\nHost: a" END, HTTP_ERR_START_LINE),
    R("GET / x HTTP/1.1\r\nHost: a" END, HTTP_ERR_START_LINE),
    R("GET /\tx HTTP/1.1\r\nHost: a" END, HTTP_ERR_START_LINE),
    R("GET /\x7f HTTP/1.1\r\nHost: a" END, HTTP_ERR_START_LINE),
    R("GET\t/ HTTP/1.1\r\nHost: a" END, HTTP_ERR_METHOD),
    R("GE(T / HTTP/1.1\r\nHost: a" END, HTTP_ERR_METHOD),
    R("G\xc3\x84T / HTTP/1.1\r\nHost: a" END, HTTP_ERR_METHOD),
    R("GET / HTTP/2.0\r\nHost: a" END, HTTP_ERR_VERSION),
    R("PRI * HTTP/2.0" END, HTTP_ERR_VERSION),
    R("GET / HTTP/1.2\r\nHost: a" END, HTTP_ERR_VERSION),
    R("GET / HTTP/0.9\r\nHost: a" END, HTTP_ERR_VERSION),
    R("GET / HTTP/1.10\r\nHost: a" END, HTTP_ERR_START_LINE),
    R("GET / HTTP/1\r\nHost: a" END, HTTP_ERR_START_LINE),
    R("GET / HTTP/1,1\r\nHost: a" END, HTTP_ERR_START_LINE),
    R("GET / http/1.1\r\nHost: a" END, HTTP_ERR_START_LINE),
    R("GET / RTSP/1.0\r\nHost: a" END, HTTP_ERR_START_LINE),

    R("GET / HTTP/1.1\r\nX-Abc: \rxTransfer-Encoding: chunked\r\nHost: a" END, HTTP_ERR_BARE_CR),
    R("GET /\rx HTTP/1.1\r\nHost: a" END, HTTP_ERR_BARE_CR),
    R("GET / HTTP/1.1\nHost: a" END, HTTP_ERR_BARE_LF),
    R("GET / HTTP/1.1\r\nHost: a\nX: y" END, HTTP_ERR_BARE_LF),
    R("GET / HTTP/1.1\r\nX\n: y\r\nHost: a" END, HTTP_ERR_BARE_LF),
    R(GET "X: a\0b" END, HTTP_ERR_NUL),
    R(GET "X\0: b" END, HTTP_ERR_NUL),
    R(GET "X: a\r\n b" END, HTTP_ERR_FOLDING),
    R(GET "X: a\r\n\tb" END, HTTP_ERR_FOLDING),
    R("GET / HTTP/1.1\r\n Host: a" END, HTTP_ERR_FOLDING),

    R(GET ": x" END, HTTP_ERR_FIELD_NAME),
    R(GET "X : y" END, HTTP_ERR_FIELD_NAME),
    R(GET "X\t: y" END, HTTP_ERR_FIELD_NAME),
    R(GET "X" END, HTTP_ERR_FIELD_NAME),
    R(GET "X y: z" END, HTTP_ERR_FIELD_NAME),
    R(GET "X(y): z" END, HTTP_ERR_FIELD_NAME),
    R(GET "X\xc3\xa4: z" END, HTTP_ERR_FIELD_NAME),
    R(GET "Content-Length : 5" END, HTTP_ERR_FIELD_NAME),
    R(GET "X: a" END "Y: b" END, HTTP_ERR_FIELD_NAME), /* two heads */
    R(GET "X: a\x01" END, HTTP_ERR_FIELD_VALUE),
    R(GET "X: a\x0b"
	  "b" END,
      HTTP_ERR_FIELD_VALUE),
    R(GET "X: a\x7f" END, HTTP_ERR_FIELD_VALUE),
    R(GET "X:\x1b[1m" END, HTTP_ERR_FIELD_VALUE),

    R("GET / HTTP/1.1" END, HTTP_ERR_HOST_MISSING),
    R("GET http://a/ HTTP/1.1\r\nAccept: b" END, HTTP_ERR_HOST_MISSING),
    R(GET "Host: a" END, HTTP_ERR_HOST_DUPLICATE),
    R(GET "X: y\r\nhost: b" END, HTTP_ERR_HOST_DUPLICATE),
    R("GET / HTTP/1.0\r\nHost: a\r\nHost: a" END, HTTP_ERR_HOST_DUPLICATE),
    R("GET / HTTP/1.1\r\nHost: a,b" END, HTTP_ERR_HOST_INVALID),
    R("GET / HTTP/1.1\r\nHost: a b" END, HTTP_ERR_HOST_INVALID),
    R("GET / HTTP/1.1\r\nHost: u@a" END, HTTP_ERR_HOST_INVALID),
    R("GET / HTTP/1.1\r\nHost: a/b" END, HTTP_ERR_HOST_INVALID),
    R("GET / HTTP/1.1\r\nHost: a?b" END, HTTP_ERR_HOST_INVALID),
    R("GET / HTTP/1.1\r\nHost: a#b" END, HTTP_ERR_HOST_INVALID),
    R("GET / HTTP/1.1\r\nHost: a\\b" END, HTTP_ERR_HOST_INVALID),
    R("GET / HTTP/1.1\r\nHost: http://a" END, HTTP_ERR_HOST_INVALID),
    R("GET / HTTP/1.1\r\nHost: :80" END, HTTP_ERR_HOST_INVALID),
    R("GET / HTTP/1.1\r\nHost: a:b" END, HTTP_ERR_HOST_INVALID),
    R("GET / HTTP/1.1\r\nHost: a:80:80" END, HTTP_ERR_HOST_INVALID),
    R("GET / HTTP/1.1\r\nHost: a:65536" END, HTTP_ERR_HOST_INVALID),
    R("GET / HTTP/1.1\r\nHost: a:+80" END, HTTP_ERR_HOST_INVALID),
    R("GET / HTTP/1.1\r\nHost: a:99999999999999999999" END, HTTP_ERR_HOST_INVALID),
    R("GET / HTTP/1.1\r\nHost: [::1" END, HTTP_ERR_HOST_INVALID),
    R("GET / HTTP/1.1\r\nHost: []" END, HTTP_ERR_HOST_INVALID),
    R("GET / HTTP/1.1\r\nHost: [::1]x" END, HTTP_ERR_HOST_INVALID),
    R("GET / HTTP/1.1\r\nHost: [a/b]" END, HTTP_ERR_HOST_INVALID),
    R("GET / HTTP/1.1\r\nHost: ::1" END, HTTP_ERR_HOST_INVALID),
    R("GET / HTTP/1.1\r\nHost: a%4" END, HTTP_ERR_HOST_INVALID),
    R("GET / HTTP/1.1\r\nHost: a%zz" END, HTTP_ERR_HOST_INVALID),
    R("GET / HTTP/1.0\r\nHost: a b" END, HTTP_ERR_HOST_INVALID),

    R(POST "Content-Length:" END, HTTP_ERR_CONTENT_LENGTH),
    R(POST "Content-Length: +5" END, HTTP_ERR_CONTENT_LENGTH),
    R(POST "Content-Length: -5" END, HTTP_ERR_CONTENT_LENGTH),
    R(POST "Content-Length: 0x5" END, HTTP_ERR_CONTENT_LENGTH),
    R(POST "Content-Length: 5, 5" END, HTTP_ERR_CONTENT_LENGTH),
    R(POST "Content-Length: 5,5" END, HTTP_ERR_CONTENT_LENGTH),
    R(POST "Content-Length: 5," END, HTTP_ERR_CONTENT_LENGTH),
    R(POST "Content-Length:  5 5" END, HTTP_ERR_CONTENT_LENGTH),
    R(POST "Content-Length: 5.0" END, HTTP_ERR_CONTENT_LENGTH),
    R(POST "Content-Length: \"5\"" END, HTTP_ERR_CONTENT_LENGTH),
    R(POST "Content-Length: 9223372036854775808" END, HTTP_ERR_CONTENT_LENGTH),
    R(POST "Content-Length: 18446744073709551621" END, HTTP_ERR_CONTENT_LENGTH),
    R(POST "Content-Length: 5\r\nContent-Length: 5" END, HTTP_ERR_CONTENT_LENGTHS),
    R(POST "Content-Length: 5\r\nX: y\r\ncontent-length: 6" END, HTTP_ERR_CONTENT_LENGTHS),
    R(POST "Content-Length: 5\r\nTransfer-Encoding: chunked" END, HTTP_ERR_LENGTH_AND_CODING),
    R(POST "Transfer-Encoding: chunked\r\nContent-Length: 5" END, HTTP_ERR_LENGTH_AND_CODING),
    R(POST "Transfer-Encoding: chunked\r\nContent-Length: 0" END, HTTP_ERR_LENGTH_AND_CODING),
    R(POST "Transfer-Encoding: x\r\nContent-Length: y" END, HTTP_ERR_LENGTH_AND_CODING),

    R(POST "Transfer-Encoding:" END, HTTP_ERR_TRANSFER_ENCODING),
    R(POST "Transfer-Encoding: identity" END, HTTP_ERR_TRANSFER_ENCODING),
    R(POST "Transfer-Encoding: gzip" END, HTTP_ERR_TRANSFER_ENCODING),
    R(POST "Transfer-Encoding: xchunked" END, HTTP_ERR_TRANSFER_ENCODING),
    R(POST "Transfer-Encoding: chunkedx" END, HTTP_ERR_TRANSFER_ENCODING),
    R(POST "Transfer-Encoding: chunked, chunked" END, HTTP_ERR_TRANSFER_ENCODING),
    R(POST "Transfer-Encoding: chunked, gzip" END, HTTP_ERR_TRANSFER_ENCODING),
    R(POST "Transfer-Encoding: chunked;q=1" END, HTTP_ERR_TRANSFER_ENCODING),
    R(POST "Transfer-Encoding: \"chunked\"" END, HTTP_ERR_TRANSFER_ENCODING),
    R(POST "Transfer-Encoding: \x80"
	   "chunked" END,
      HTTP_ERR_TRANSFER_ENCODING),
    R(POST "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked" END, HTTP_ERR_TRANSFER_ENCODING),
    R(POST "Transfer-Encoding: chunked\r\nTransfer-Encoding: identity" END, HTTP_ERR_TRANSFER_ENCODING),
    R(POST "Transfer-Encoding: gz ip, chunked" END, HTTP_ERR_TRANSFER_ENCODING),
    R(POST "Transfer-Encoding: gzip, chunked" END, HTTP_ERR_TRANSFER_CODING),
    R(POST "Transfer-Encoding: identity, chunked" END, HTTP_ERR_TRANSFER_CODING),
    R(POST "Transfer-Encoding: gzip;level=\"a,b\", chunked" END, HTTP_ERR_TRANSFER_CODING),
    R(POST "Transfer-Encoding: gzip\r\nTransfer-Encoding: chunked" END, HTTP_ERR_TRANSFER_CODING),
    R(POST_1_0 "Transfer-Encoding: chunked" END, HTTP_ERR_CODING_ON_1_0),
    R(POST_1_0 "Transfer-Encoding: gzip" END, HTTP_ERR_CODING_ON_1_0),

    R("CONNECT a:443 HTTP/1.1\r\nHost: a:443\r\nContent-Length: 5" END, HTTP_ERR_CONNECT_BODY),
    R("CONNECT a:443 HTTP/1.1\r\nHost: a:443\r\nTransfer-Encoding: chunked" END, HTTP_ERR_CONNECT_BODY),

    R(GET "Connection: Host" END, HTTP_ERR_CONNECTION_NOMINATION),
    R(POST "Content-Length: 5\r\nConnection: close, content-length" END, HTTP_ERR_CONNECTION_NOMINATION),
    R(GET "Connection: close\r\nConnection: keep-alive, HOST" END, HTTP_ERR_CONNECTION_NOMINATION),
    R(GET "Connection: a,b,c,d,e,f,g,h,i,j,k,l,m,n,o,p,q,r,s,t,u,v,w,x,y,z,0,1,2,3,4,5,6" END,
      HTTP_ERR_CONNECTION_NOMINATION),
};

START_TEST(an_ambiguous_request_is_refused_and_named)
{
	struct parsed p;
	struct bytes raw = exact_copy(refused_requests[_i].raw);
	ck_assert_http(parse_request(&p, raw), refused_requests[_i].error);
	free((char *)raw.ptr);
}
END_TEST

static const struct {
	struct bytes raw;
	enum http_error error;
} refused_responses[] = {
    R("HTTP/1.1" END, HTTP_ERR_START_LINE),
    R("ICY 200 OK" END, HTTP_ERR_START_LINE),
    R("HTTP/1.1  200 OK" END, HTTP_ERR_STATUS),
    R("HTTP/1.1\t200 OK" END, HTTP_ERR_START_LINE),
    R(" HTTP/1.1 200 OK" END, HTTP_ERR_FOLDING),
    R("HTTP/1.1 200 O\x01K" END, HTTP_ERR_START_LINE),
    R("HTTP/2.0 200 OK" END, HTTP_ERR_VERSION),
    R("HTTP/1.1 20 OK" END, HTTP_ERR_STATUS),
    R("HTTP/1.1 2000 OK" END, HTTP_ERR_STATUS),
    R("HTTP/1.1 200OK" END, HTTP_ERR_STATUS),
    R("HTTP/1.1 2x0 OK" END, HTTP_ERR_STATUS),
    R("HTTP/1.1 +20 OK" END, HTTP_ERR_STATUS),
    R("HTTP/1.1 099 OK" END, HTTP_ERR_STATUS),
    R("HTTP/1.1 600 OK" END, HTTP_ERR_STATUS),
    R("HTTP/1.1 999 OK" END, HTTP_ERR_STATUS),
    R("HTTP/1.1 200 OK\nX: y" END, HTTP_ERR_BARE_LF),
    R("HTTP/1.1 200\rOK" END, HTTP_ERR_BARE_CR),
    R("HTTP/1.1 200 O\0K" END, HTTP_ERR_NUL),
    R("HTTP/1.1 200 OK\r\nX: y\r\n z" END, HTTP_ERR_FOLDING),
    R("HTTP/1.1 200 OK\r\nX : y" END, HTTP_ERR_FIELD_NAME),
    R("HTTP/1.1 200 OK\r\nX: \x02" END, HTTP_ERR_FIELD_VALUE),
    R("HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Length: 5" END, HTTP_ERR_CONTENT_LENGTHS),
    R("HTTP/1.1 200 OK\r\nContent-Length: 5, 6" END, HTTP_ERR_CONTENT_LENGTH),
    R("HTTP/1.1 200 OK\r\nContent-Length: 5\r\nTransfer-Encoding: chunked" END, HTTP_ERR_LENGTH_AND_CODING),
    R("HTTP/1.1 304 x\r\nContent-Length: 5\r\nTransfer-Encoding: chunked" END, HTTP_ERR_LENGTH_AND_CODING),
    R("HTTP/1.1 204 x\r\nContent-Length: five" END, HTTP_ERR_CONTENT_LENGTH),
    R("HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip" END, HTTP_ERR_TRANSFER_ENCODING),
    R("HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked" END, HTTP_ERR_TRANSFER_CODING),
    R("HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked" END, HTTP_ERR_CODING_ON_1_0),
    R("HTTP/1.1 200 OK\r\nConnection: Content-Length\r\nContent-Length: 5" END, HTTP_ERR_CONNECTION_NOMINATION),
};

START_TEST(an_ambiguous_response_is_refused_and_named)
{
	struct parsed p;
	struct bytes raw = exact_copy(refused_responses[_i].raw);
	ck_assert_http(parse_response_to(&p, raw, "GET"), refused_responses[_i].error);
	free((char *)raw.ptr);
}
END_TEST

/* A request head cut short, which nobody should give: whatever it is, it is refused and nothing is read beyond it. */
START_TEST(a_head_without_its_end_is_refused)
{
	struct bytes whole = BYTES(POST "Content-Length: 5\r\nX: y" END);
	for (size_t len = 0; len < whole.len; len++) {
		struct parsed p;
		struct bytes raw = exact_copy(bytes_slice(whole, 0, len));
		ck_assert_int_ne(parse_request(&p, raw), HTTP_OK);
		ck_assert_int_ne(parse_response_to(&p, raw, "GET"), HTTP_OK);
		free((char *)raw.ptr);
	}
}
END_TEST

static enum http_error parse_limited(struct bytes raw, struct http_limits limits, uint16_t room)
{
	struct parsed p;
	p.head.fields = p.fields;
	p.head.fields_max = room;
	return http_parse_request(raw, &limits, &p.head);
}

START_TEST(each_limit_is_reached_by_one_byte_more)
{
	struct bytes raw = BYTES("GET /0123456789 HTTP/1.1\r\nHost: a\r\nX: 0123456789\r\n\r\n");
	struct http_limits limits = {.target_max = 11, .field_max = 13, .head_max = (uint32_t)raw.len, .fields_max = 2};
	ck_assert_http(parse_limited(raw, limits, 2), HTTP_OK);
	limits.target_max = 10;
	ck_assert_http(parse_limited(raw, limits, 2), HTTP_ERR_TARGET_TOO_LONG);
	limits.target_max = 11;
	limits.field_max = 12;
	ck_assert_http(parse_limited(raw, limits, 2), HTTP_ERR_HEAD_TOO_LARGE);
	limits.field_max = 13;
	limits.head_max--;
	ck_assert_http(parse_limited(raw, limits, 2), HTTP_ERR_HEAD_TOO_LARGE);
	limits.head_max++;
	limits.fields_max = 1;
	ck_assert_http(parse_limited(raw, limits, 2), HTTP_ERR_TOO_MANY_FIELDS);
	limits.fields_max = 2;
	ck_assert_http(parse_limited(raw, limits, 1), HTTP_ERR_TOO_MANY_FIELDS);
}
END_TEST

START_TEST(a_name_longer_than_its_offset_can_say_is_refused)
{
	size_t name_len = UINT16_MAX + 1;
	struct bytes before = BYTES(GET), after = BYTES(": x\r\n\r\n");
	size_t len = before.len + name_len + after.len;
	char *raw = malloc(len);
	ck_assert_ptr_nonnull(raw);
	memcpy(raw, before.ptr, before.len);
	memset(raw + before.len, 'n', name_len);
	memcpy(raw + before.len + name_len, after.ptr, after.len);
	struct http_limits limits = {.target_max = 10, .field_max = 1 << 20, .head_max = 1 << 20, .fields_max = 2};
	ck_assert_http(parse_limited(bytes_of(raw, len), limits, 2), HTTP_ERR_HEAD_TOO_LARGE);
	free(raw);
}
END_TEST

START_TEST(a_request_head_is_taken_apart)
{
	struct parsed p;
	memset(&p, 0xa5, sizeof(p));
	struct bytes raw = exact_copy(BYTES("PATCH http://a.example:81/p%20q?r=\xc3\xa4 HTTP/1.1\r\n"
					    "Host:a.example:81\r\nX-Empty:\r\nX-Tabs: \t x \t y \t \r\n"
					    "X-Raw: \x80\xff\r\nCONTENT-LENGTH: 0042 \r\n\r\n"));
	ck_assert_http(parse_request(&p, raw), HTTP_OK);
	const struct http_head *h = &p.head;
	ck_assert(h->is_request);
	ck_assert_ptr_eq(h->raw, raw.ptr);
	ck_assert_uint_eq(h->raw_len, raw.len);
	ck_assert_bytes_eq(head_method(h), "PATCH");
	ck_assert_bytes_eq(head_target(h), "http://a.example:81/p%20q?r=\xc3\xa4");
	ck_assert_int_eq(h->version_minor, 1);
	ck_assert_int_eq(h->field_count, 5);
	static const char *const expected[][2] = {
	    {"Host", "a.example:81"},   {"X-Empty", ""}, {"X-Tabs", "x \t y"}, {"X-Raw", "\x80\xff"},
	    {"CONTENT-LENGTH", "0042"},
	};
	uint32_t at = h->fields_at;
	for (int i = 0; i < COUNT(expected); i++) {
		const struct http_field *f = &h->fields[i];
		ck_assert_bytes_eq(head_name(h, f), expected[i][0]);
		ck_assert_bytes_eq(head_value(h, f), expected[i][1]);
		ck_assert_uint_eq(f->name_at, at);
		ck_assert(!f->dropped);
		at = f->line_end;
	}
	ck_assert_uint_eq(at + 2, h->raw_len);
	ck_assert_int_eq(h->framing, BODY_LENGTH);
	ck_assert_int_eq(h->content_length, 42);
	ck_assert(h->keep_alive);
	ck_assert(!h->expect_continue);
	ck_assert(!h->has_upgrade);
	ck_assert(!h->has_nominations);
	free((char *)raw.ptr);
}
END_TEST

START_TEST(a_response_head_is_taken_apart)
{
	struct parsed p;
	memset(&p, 0xa5, sizeof(p));
	struct bytes raw = exact_copy(BYTES("HTTP/1.0 307 Da \xc3\xbc\tben\r\nLocation: http://b/ \t\r\n\r\n"));
	ck_assert_http(parse_response_to(&p, raw, "GET"), HTTP_OK);
	const struct http_head *h = &p.head;
	ck_assert(!h->is_request);
	ck_assert_int_eq(h->version_minor, 0);
	ck_assert_int_eq(h->status, 307);
	ck_assert_bytes_eq(bytes_of(h->raw + h->reason_at, h->reason_len), "Da \xc3\xbc\tben");
	ck_assert_bytes_eq(head_get(h, FIELD_LOCATION), "http://b/");
	ck_assert_int_eq(h->framing, BODY_UNTIL_CLOSE);
	ck_assert_int_eq(h->content_length, -1);
	ck_assert(!h->keep_alive);
	free((char *)raw.ptr);
}
END_TEST

static const struct {
	const char *line, *reason;
	int status;
} status_lines[] = {
    {"HTTP/1.1 200", "", 200},
    {"HTTP/1.1 200 ", "", 200},
    {"HTTP/1.1 100 Continue", "Continue", 100},
    {"HTTP/1.1 599  two ", " two ", 599},
    {"HTTP/1.0 404 \x80", "\x80", 404},
};

START_TEST(a_status_line_may_lack_its_reason)
{
	struct parsed p;
	char raw[64];
	int len = snprintf(raw, sizeof(raw), "%s\r\nX: y\r\n\r\n", status_lines[_i].line);
	ck_assert_http(parse_response_to(&p, bytes_of(raw, (size_t)len), "GET"), HTTP_OK);
	ck_assert_int_eq(p.head.status, status_lines[_i].status);
	ck_assert_bytes_eq(bytes_of(raw + p.head.reason_at, p.head.reason_len), status_lines[_i].reason);
	ck_assert_bytes_eq(head_value(&p.head, &p.fields[0]), "y");
}
END_TEST

/* What clients send and llhttp 8 refuses; and the forms of Host. */
static const char *const accepted[] = {
    "BREW /pot HTTP/1.1\r\nHost: a\r\n\r\n",
    "M-SEARCH * HTTP/1.1\r\nHost: a\r\n\r\n",
    "!#$%&'*+-.^_`|~09aZ / HTTP/1.1\r\nHost: a\r\n\r\n",
    "GET /\xc3\xa4\"<>\\^`{|} HTTP/1.1\r\nHost: a\r\n\r\n",
    "GET http://u:p@a/#f HTTP/1.1\r\nHost: a\r\n\r\n",
    "OPTIONS * HTTP/1.1\r\nHost:\r\n\r\n",
    "CONNECT a:443 HTTP/1.1\r\nHost: a:443\r\n\r\n",
    "CONNECT a:443 HTTP/1.0\r\nHost: a:443\r\nContent-Length: 0\r\n\r\n",
    "GET / HTTP/1.0\r\n\r\n",
    "GET / HTTP/1.1\r\nHost: \t \r\n\r\n",
    "GET / HTTP/1.1\r\nHost: a:\r\n\r\n",
    "GET / HTTP/1.1\r\nHost: a:65535\r\n\r\n",
    "GET / HTTP/1.1\r\nHost: a:0080\r\n\r\n",
    "GET / HTTP/1.1\r\nHost: a_b-c.d~e!$&'()*+;=\r\n\r\n",
    "GET / HTTP/1.1\r\nHost: b\xc3\xbc"
    "cher.example:80\r\n\r\n",
    "GET / HTTP/1.1\r\nHost: a%2fb%C3%BC\r\n\r\n",
    "GET / HTTP/1.1\r\nHost: [::1]\r\n\r\n",
    "GET / HTTP/1.1\r\nHost: [2001:DB8::1.2.3.4]:8080\r\n\r\n",
    GET "Connection: Transfer-Encoding\r\n\r\n",
    GET "Connection: a,b,c,d,e,f,g,h,i,j,k,l,m,n,o,p,q,r,s,t,u,v,w,x,y,z,0,1,2,3,4,5\r\n\r\n",
};

START_TEST(what_real_clients_send_is_accepted)
{
	struct parsed p;
	ck_assert_http(parse_request(&p, bytes_str(accepted[_i])), HTTP_OK);
	ck_assert_int_eq(p.head.framing, BODY_NONE);
	ck_assert_int_eq(p.head.content_length, -1);
}
END_TEST

static const struct {
	const char *fields;
	enum body_framing framing;
	int64_t length;
} request_bodies[] = {
    {"X: y", BODY_NONE, -1},
    {"Content-Length: 0", BODY_LENGTH, 0},
    {"Content-Length:\t5\t", BODY_LENGTH, 5},
    {"content-length: 9223372036854775807", BODY_LENGTH, INT64_MAX},
    {"Transfer-Encoding: chunked", BODY_CHUNKED, -1},
    {"TRANSFER-ENCODING:\tChunKED \t", BODY_CHUNKED, -1},
};

START_TEST(a_request_body_is_framed_by_its_fields)
{
	struct parsed p;
	char raw[128];
	int len = snprintf(raw, sizeof(raw), POST "%s\r\n\r\n", request_bodies[_i].fields);
	ck_assert_http(parse_request(&p, bytes_of(raw, (size_t)len)), HTTP_OK);
	ck_assert_int_eq(p.head.framing, request_bodies[_i].framing);
	ck_assert_int_eq(p.head.content_length, request_bodies[_i].length);
}
END_TEST

static const struct {
	const char *method;
	int status;
	const char *fields;
	enum body_framing framing;
	int64_t length;
} response_bodies[] = {
    {"GET", 200, "Content-Length: 5", BODY_LENGTH, 5},
    {"GET", 200, "Content-Length: 0", BODY_LENGTH, 0},
    {"GET", 200, "Transfer-Encoding: chunked", BODY_CHUNKED, -1},
    {"GET", 200, "X: y", BODY_UNTIL_CLOSE, -1},
    {"GET", 205, "X: y", BODY_UNTIL_CLOSE, -1},
    {"GET", 307, "Content-Length: 5", BODY_LENGTH, 5},
    {"POST", 404, "Transfer-Encoding: chunked", BODY_CHUNKED, -1},
    {"HEAD", 200, "Content-Length: 5", BODY_NONE, 5},
    {"HEAD", 200, "Transfer-Encoding: chunked", BODY_NONE, -1},
    {"HEAD", 200, "X: y", BODY_NONE, -1},
    {"head", 200, "X: y", BODY_UNTIL_CLOSE, -1}, /* another method */
    {"GET", 304, "Content-Length: 5", BODY_NONE, 5},
    {"GET", 304, "Transfer-Encoding: chunked", BODY_NONE, -1},
    {"GET", 204, "Content-Length: 5", BODY_NONE, -1},
    {"GET", 204, "Transfer-Encoding: chunked", BODY_NONE, -1},
    {"GET", 100, "Content-Length: 5", BODY_NONE, -1},
    {"GET", 101, "Upgrade: x", BODY_NONE, -1},
    {"GET", 103, "Transfer-Encoding: chunked", BODY_NONE, -1},
    {"CONNECT", 200, "Content-Length: 5", BODY_NONE, -1},
    {"CONNECT", 299, "Transfer-Encoding: chunked", BODY_NONE, -1},
    {"CONNECT", 407, "Content-Length: 5", BODY_LENGTH, 5},
    {"CONNECT", 502, "X: y", BODY_UNTIL_CLOSE, -1},
};

START_TEST(a_response_body_is_framed_by_fields_status_and_request)
{
	struct parsed p;
	char raw[128];
	int len = snprintf(raw, sizeof(raw), "HTTP/1.1 %d x\r\n%s\r\n\r\n", response_bodies[_i].status,
			   response_bodies[_i].fields);
	ck_assert_http(parse_response_to(&p, bytes_of(raw, (size_t)len), response_bodies[_i].method), HTTP_OK);
	ck_assert_int_eq(p.head.framing, response_bodies[_i].framing);
	ck_assert_int_eq(p.head.content_length, response_bodies[_i].length);
	ck_assert_int_eq(p.head.keep_alive, response_bodies[_i].framing != BODY_UNTIL_CLOSE);
}
END_TEST

static const struct {
	int minor;
	const char *fields;
	bool request, response;
} persistence[] = {
    {1, "X: y", true, true},
    {1, "Connection: close", false, false},
    {1, "Connection: close\t", false, false},
    {1, "Connection:\tCLOSE \t", false, false},
    {1, "Connection: x-y,\tClose\t,z", false, false},
    {1, "Connection: keep-alive\r\nConnection: close", false, false},
    {1, "Connection: close, keep-alive", false, false},
    {1, "Connection: closed", true, true},
    {1, "Connection: keep-alive", true, true},
    {1, "Connection:", true, true},
    {1, "Proxy-Connection: close", false, true},
    {1, "Proxy-Connection: keep-alive\r\nConnection: close", false, false},
    {0, "X: y", false, false},
    {0, "Connection: Keep-Alive", true, true},
    {0, "Connection: x, keep-alive\t", true, true},
    {0, "Connection: keep-alive, close", false, false},
    {0, "Connection: keep-alive\r\nConnection: close", false, false},
    {0, "Proxy-Connection: Keep-Alive", true, false},
    {0, "Proxy-Connection: keep-alive\r\nConnection: close", false, false},
    {0, "Connection: keep-alive-not", false, false},
};

START_TEST(a_connection_persists_as_version_and_options_say)
{
	struct parsed p;
	char raw[160];
	int len = snprintf(raw, sizeof(raw), "GET / HTTP/1.%d\r\nHost: a\r\n%s\r\n\r\n", persistence[_i].minor,
			   persistence[_i].fields);
	ck_assert_http(parse_request(&p, bytes_of(raw, (size_t)len)), HTTP_OK);
	ck_assert_int_eq(p.head.keep_alive, persistence[_i].request);
	len = snprintf(raw, sizeof(raw), "HTTP/1.%d 200 OK\r\nContent-Length: 0\r\n%s\r\n\r\n", persistence[_i].minor,
		       persistence[_i].fields);
	ck_assert_http(parse_response_to(&p, bytes_of(raw, (size_t)len), "GET"), HTTP_OK);
	ck_assert_int_eq(p.head.keep_alive, persistence[_i].response);
}
END_TEST

static const struct {
	int minor;
	const char *fields;
	bool expect, upgrade, nominates;
} requests_for_more[] = {
    {1, "Expect: 100-continue", true, false, false},
    {1, "EXPECT: \t100-Continue\t", true, false, false},
    {1, "Expect: x, 100-continue", true, false, false},
    {1, "Expect: 100-continued", false, false, false},
    {0, "Expect: 100-continue", false, false, false},
    {1, "Upgrade: websocket\r\nConnection: Upgrade", false, true, false},
    {1, "Upgrade: websocket\r\nConnection: keep-alive,\tupgrade", false, true, false},
    {1, "Upgrade: websocket", false, false, false},
    {1, "Connection: Upgrade", false, false, false},
    {1, "Upgrade: h2c\r\nConnection: Upgrade, HTTP2-Settings\r\nHTTP2-Settings: x", false, true, true},
    {1, "Connection: TE, Trailer, Transfer-Encoding, Connection, close", false, false, false},
    {1, "Connection: X-Y", false, false, true},
};

START_TEST(expect_upgrade_and_nominations_are_told)
{
	struct parsed p;
	char raw[192];
	int len = snprintf(raw, sizeof(raw), "GET / HTTP/1.%d\r\nHost: a\r\n%s\r\n\r\n", requests_for_more[_i].minor,
			   requests_for_more[_i].fields);
	ck_assert_http(parse_request(&p, bytes_of(raw, (size_t)len)), HTTP_OK);
	ck_assert_int_eq(p.head.expect_continue, requests_for_more[_i].expect);
	ck_assert_int_eq(p.head.has_upgrade, requests_for_more[_i].upgrade);
	ck_assert_int_eq(p.head.has_nominations, requests_for_more[_i].nominates);
}
END_TEST

START_TEST(a_refused_head_holds_what_was_understood_before)
{
	struct parsed p;
	memset(&p, 0xa5, sizeof(p));
	ck_assert_http(parse_request(&p, BYTES("PUT /x HTTP/1.1\r\nHost: a\r\nX : y\r\n\r\n")), HTTP_ERR_FIELD_NAME);
	ck_assert_bytes_eq(head_method(&p.head), "PUT");
	ck_assert_bytes_eq(head_target(&p.head), "/x");
	ck_assert_int_eq(p.head.field_count, 1);
	ck_assert_bytes_eq(head_get(&p.head, FIELD_HOST), "a");
	ck_assert_http(parse_request(&p, BYTES("\x16\x03\x01\r\n\r\n")), HTTP_ERR_METHOD);
	ck_assert_uint_eq(p.head.method_len, 0);
	ck_assert_int_eq(p.head.field_count, 0);
	ck_assert_ptr_eq(p.head.fields, p.fields);
}
END_TEST

/* Every error has its words, its status, and a test that brings it about: here, or in chunked_test for bodies, or
 * above for limits. */
START_TEST(every_error_is_named_and_tested)
{
	bool produced[HTTP_ERR_COUNT] = {
	    [HTTP_OK] = true,
	    [HTTP_ERR_TARGET_TOO_LONG] = true,
	    [HTTP_ERR_HEAD_TOO_LARGE] = true,
	    [HTTP_ERR_TOO_MANY_FIELDS] = true,
	    [HTTP_ERR_CHUNK_SIZE] = true,
	    [HTTP_ERR_CHUNK_EXTENSION] = true,
	    [HTTP_ERR_CHUNK_END] = true,
	    [HTTP_ERR_TRAILER] = true,
	    [HTTP_ERR_TRAILER_TOO_LARGE] = true,
	};
	for (int i = 0; i < COUNT(refused_requests); i++)
		produced[refused_requests[i].error] = true;
	for (int i = 0; i < COUNT(refused_responses); i++)
		produced[refused_responses[i].error] = true;
	for (int e = 0; e < HTTP_ERR_COUNT; e++) {
		ck_assert_msg(produced[e], "no test for \"%s\"", http_error_text(e));
		for (int other = 0; other < e; other++)
			ck_assert_str_ne(http_error_text(e), http_error_text(other));
	}
}
END_TEST

START_TEST(every_error_has_its_status)
{
	for (int e = HTTP_OK + 1; e < HTTP_ERR_COUNT; e++) {
		int expected = 400;
		switch (e) {
		case HTTP_ERR_VERSION:
			expected = 505;
			break;
		case HTTP_ERR_TRANSFER_CODING:
			expected = 501;
			break;
		case HTTP_ERR_TARGET_TOO_LONG:
			expected = 414;
			break;
		case HTTP_ERR_HEAD_TOO_LARGE:
		case HTTP_ERR_TOO_MANY_FIELDS:
		case HTTP_ERR_TRAILER_TOO_LARGE:
			expected = 431;
			break;
		default:
			break;
		}
		ck_assert_int_eq(http_error_status(e), expected);
	}
	ck_assert_str_eq(http_error_text(HTTP_ERR_COUNT), "unknown error");
	ck_assert_int_eq(http_error_status(HTTP_ERR_COUNT), 400);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("http_parser");
	TCase *tc = tcase_create("refused");
	suite_add_tcase(suite, tc);
	tcase_add_loop_test(tc, an_ambiguous_request_is_refused_and_named, 0, COUNT(refused_requests));
	tcase_add_loop_test(tc, an_ambiguous_response_is_refused_and_named, 0, COUNT(refused_responses));
	tcase_add_test(tc, a_head_without_its_end_is_refused);
	tcase_add_test(tc, each_limit_is_reached_by_one_byte_more);
	tcase_add_test(tc, a_name_longer_than_its_offset_can_say_is_refused);
	tcase_add_test(tc, a_refused_head_holds_what_was_understood_before);
	tcase_add_test(tc, every_error_is_named_and_tested);
	tcase_add_test(tc, every_error_has_its_status);
	tc = tcase_create("understood");
	suite_add_tcase(suite, tc);
	tcase_add_test(tc, a_request_head_is_taken_apart);
	tcase_add_test(tc, a_response_head_is_taken_apart);
	tcase_add_loop_test(tc, a_status_line_may_lack_its_reason, 0, COUNT(status_lines));
	tcase_add_loop_test(tc, what_real_clients_send_is_accepted, 0, COUNT(accepted));
	tcase_add_loop_test(tc, a_request_body_is_framed_by_its_fields, 0, COUNT(request_bodies));
	tcase_add_loop_test(tc, a_response_body_is_framed_by_fields_status_and_request, 0, COUNT(response_bodies));
	tcase_add_loop_test(tc, a_connection_persists_as_version_and_options_say, 0, COUNT(persistence));
	tcase_add_loop_test(tc, expect_upgrade_and_nominations_are_told, 0, COUNT(requests_for_more));
	SRunner *runner = srunner_create(suite);
	srunner_run_all(runner, CK_NORMAL);
	int failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
