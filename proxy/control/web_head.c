/* SPDX-License-Identifier: MIT */
#include "proxy/control/web_head.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

/* What the page shows comes from traffic, which is hostile: nothing that is not ours may run, be loaded, be framed, or
 * be read from another site. */
static const char guards[] =
    "Content-Security-Policy: default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; "
    "img-src 'self' data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'\r\n"
    "X-Content-Type-Options: nosniff\r\n"
    "Referrer-Policy: no-referrer\r\n"
    "Cross-Origin-Opener-Policy: same-origin\r\n"
    "Cross-Origin-Resource-Policy: same-origin\r\n";

const char *web_reason(int status)
{
	static const struct {
		int status;
		const char *reason;
	} reasons[] = {
	    {200, "OK"},
	    {204, "No Content"},
	    {303, "See Other"},
	    {304, "Not Modified"},
	    {400, "Bad Request"},
	    {401, "Unauthorized"},
	    {403, "Forbidden"},
	    {404, "Not Found"},
	    {405, "Method Not Allowed"},
	    {408, "Request Timeout"},
	    {409, "Conflict"},
	    {411, "Length Required"},
	    {413, "Content Too Large"},
	    {414, "URI Too Long"},
	    {415, "Unsupported Media Type"},
	    {421, "Misdirected Request"},
	    {431, "Request Header Fields Too Large"},
	    {500, "Internal Server Error"},
	    {501, "Not Implemented"},
	    {503, "Service Unavailable"},
	    {504, "Gateway Timeout"},
	    {505, "HTTP Version Not Supported"},
	};

	for (size_t i = 0; i < sizeof(reasons) / sizeof(reasons[0]); i++)
		if (reasons[i].status == status)
			return reasons[i].reason;
	return "Unknown";
}

static void date(int64_t wall_us, char out[40])
{
	time_t seconds = (time_t)(wall_us / 1000000);
	struct tm tm;

	gmtime_r(&seconds, &tm);
	strftime(out, 40, "%a, %d %b %Y %H:%M:%S GMT", &tm);
}

size_t web_head_write(const struct web_head *h, int64_t wall_us, char out[WEB_HEAD_MAX])
{
	const char *fields = h->fields ? h->fields : "";
	const char *type_name = h->type ? "Content-Type: " : "";
	const char *cache = strstr(fields, "Cache-Control:") ? "" : "Cache-Control: no-store\r\n";
	char length[48] = "";
	char now[40];
	int n;

	date(wall_us, now);
	/* 204 and 304 have no content, and a 204 must not even say so (RFC 9110 §8.6). */
	if (h->length >= 0 && h->status != 204 && h->status != 304)
		snprintf(length, sizeof(length), "Content-Length: %lld\r\n", (long long)h->length);
	n = snprintf(out, WEB_HEAD_MAX, "HTTP/1.1 %d %s\r\nDate: %s\r\n%s%s%s%s%s%s%s%s\r\n", h->status,
		     web_reason(h->status), now, type_name, h->type ? h->type : "", h->type ? "\r\n" : "", length,
		     cache, guards, h->keep_alive ? "" : "Connection: close\r\n", fields);
	return n < WEB_HEAD_MAX ? (size_t)n : WEB_HEAD_MAX - 1;
}
