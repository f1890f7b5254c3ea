/* SPDX-License-Identifier: MIT
 *
 * Answers in bytes: where a redirect leads, and each page with its head. */
#include <stdio.h>
#include <time.h>

#include "audit/record/json_line.h"
#include "audit/report/markup.h"
#include "parser/form.h"
#include "proxy/lab/index_page.h"
#include "proxy/lab/scenario.h"

const char *lab_reason(uint16_t status)
{
	static const struct {
		uint16_t status;
		const char *reason;
	} reasons[] = {
	    {200, "OK"},
	    {201, "Created"},
	    {204, "No Content"},
	    {300, "Multiple Choices"},
	    {301, "Moved Permanently"},
	    {302, "Found"},
	    {303, "See Other"},
	    {304, "Not Modified"},
	    {305, "Use Proxy"},
	    {306, "Unused"},
	    {307, "Temporary Redirect"},
	    {308, "Permanent Redirect"},
	    {400, "Bad Request"},
	    {401, "Unauthorized"},
	    {403, "Forbidden"},
	    {404, "Not Found"},
	    {405, "Method Not Allowed"},
	    {408, "Request Timeout"},
	    {413, "Content Too Large"},
	    {500, "Internal Server Error"},
	    {503, "Service Unavailable"},
	};

	for (size_t i = 0; i < sizeof(reasons) / sizeof(reasons[0]); i++) {
		if (reasons[i].status == status)
			return reasons[i].reason;
	}
	return "";
}

/* --- where a redirect leads --- */

static void put_number(struct text_buf *out, const char *name, uint64_t value)
{
	text_buf_add_str(out, name);
	text_buf_add_char(out, '=');
	text_buf_add_uint(out, value);
}

/* The query of the next redirect of a chain: as it came, but for what counts down or up. */
static void put_next_query(const struct scenario *s, struct text_buf *out)
{
	struct bytes rest = s->query, name, value, origins;

	while (form_next(&rest, &name, &value)) {
		enum lab_parameter which = lab_parameter_find(name);

		if (which == LAB_HOPS || which == LAB_HOP)
			continue;
		if (which == LAB_ORIGIN) {
			lab_list_first(&lab_parameter_rows[LAB_ORIGIN], s->parameters.text[LAB_ORIGIN], &origins);
			TEXT_BUF_LITERAL(out, "origin=");
			text_buf_add(out, origins);
		} else {
			text_buf_add(out, name);
			text_buf_add_char(out, '=');
			text_buf_add(out, value);
		}
		text_buf_add_char(out, '&');
	}
	put_number(out, "hops", s->hops - 1);
	text_buf_add_char(out, '&');
	put_number(out, "hop", s->parameters.number[LAB_HOP] + 1);
}

/* The statuses that are left when the first has been answered; the last one stays. */
static struct bytes statuses_left(const struct scenario *s)
{
	struct bytes rest = s->statuses, first;

	if (!list_next(&rest, &first) || bytes_trim(rest).len == 0)
		return s->statuses;
	return bytes_find(rest, ',') == 0 ? bytes_slice(rest, 1, rest.len) : rest;
}

/* The path to a page of this case. */
static void put_status_path(const struct scenario *s, struct bytes statuses, const char *behind, struct text_buf *out)
{
	text_buf_add(out, s->prefix);
	TEXT_BUF_LITERAL(out, "/status/");
	text_buf_add(out, statuses);
	text_buf_add_str(out, behind);
}

static void put_loop_path(const struct scenario *s, struct text_buf *out)
{
	bool at_b = s->path.len > 2 && bytes_equal(bytes_slice(s->path, s->path.len - 2, s->path.len), BYTES("/b"));

	switch ((enum lab_loop)s->parameters.number[LAB_LOOP]) {
	case LOOP_SLASH:
		put_status_path(s, s->statuses, s->slash ? "" : "/", out);
		break;
	case LOOP_PAIR:
		put_status_path(s, s->statuses, at_b ? "" : "/b", out);
		break;
	case LOOP_NONE:
	case LOOP_SELF:
	case LOOP_COOKIE:
	default:
		text_buf_add(out, s->path);
		break;
	}
}

/* The final answer's path and query, with the count of redirects. */
static size_t put_final(const struct scenario *s, struct text_buf *out)
{
	const struct lab_parameters *p = &s->parameters;
	struct bytes to = p->given[LAB_TO] ? p->text[LAB_TO] : BYTES("/final");
	size_t question = bytes_find(to, '?'), path_len;

	if (p->number[LAB_LOCATION] == FORM_QUERY) {
		text_buf_add(out, s->path);
		path_len = out->len;
		TEXT_BUF_LITERAL(out, "done=yes&");
	} else {
		text_buf_add(out, s->prefix);
		text_buf_add(out, bytes_slice(to, 0, question));
		path_len = out->len;
		text_buf_add(out, bytes_slice(to, question + 1, to.len));
		if (question + 1 < to.len)
			text_buf_add_char(out, '&');
	}
	put_number(out, "hop", p->number[LAB_HOP] + 1);
	return path_len;
}

static void choose_origin(const struct scenario *s, const struct lab_request *r, struct lab_next *n)
{
	const struct lab_parameters *p = &s->parameters;
	struct bytes rest;
	bool secure = p->number[LAB_SCHEME] == SCHEME_SAME ? r->secure : p->number[LAB_SCHEME] == SCHEME_HTTPS;
	uint32_t site = p->given[LAB_ORIGIN]
			    ? lab_list_first(&lab_parameter_rows[LAB_ORIGIN], p->text[LAB_ORIGIN], &rest)
			    : SITE_COUNT;

	n->scheme = secure ? BYTES("https") : BYTES("http");
	if (site == SITE_COUNT && secure == r->secure && s->authority.len > 0)
		n->authority = s->authority;
	else
		n->authority = bytes_str(r->world->authority[site == SITE_COUNT ? s->site : site][secure]);
}

static bool is_last_hop(const struct scenario *s)
{
	return s->hops <= 1;
}

struct lab_next scenario_next(const struct scenario *s, const struct lab_request *r, struct text_buf *room)
{
	struct lab_next n = {.base = s->path};
	size_t path_len;

	if (s->parameters.number[LAB_LOOP] != LOOP_NONE) {
		put_loop_path(s, room);
		path_len = room->len;
		text_buf_add(room, s->query);
	} else if (is_last_hop(s)) {
		path_len = put_final(s, room);
	} else {
		put_status_path(s, statuses_left(s), "", room);
		path_len = room->len;
		put_next_query(s, room);
	}
	choose_origin(s, r, &n);
	if (!room->failed) {
		n.path = bytes_of(room->ptr, path_len);
		n.query = bytes_slice(text_buf_view(room), path_len, room->len);
	}
	return n;
}

/* --- pages --- */

static void put_field_line(struct text_buf *out, const char *name, struct bytes value)
{
	text_buf_add_str(out, name);
	TEXT_BUF_LITERAL(out, ": ");
	text_buf_add(out, value);
	TEXT_BUF_LITERAL(out, "\r\n");
}

static void put_date(struct text_buf *out, int64_t wall_s)
{
	static const char days[][4] = {"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
	static const char months[][4] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
					 "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
	time_t seconds = (time_t)wall_s;
	struct tm t;
	char text[64];

	if (!gmtime_r(&seconds, &t))
		return;
	snprintf(text, sizeof(text), "%s, %02d %s %04d %02d:%02d:%02d GMT", days[t.tm_wday], t.tm_mday,
		 months[t.tm_mon], t.tm_year + 1900, t.tm_hour, t.tm_min, t.tm_sec);
	put_field_line(out, "Date", bytes_str(text));
}

static const char *framing_text(enum body_framing f)
{
	return f == BODY_CHUNKED ? "chunked" : f == BODY_LENGTH ? "length" : "none";
}

static void put_description(const struct scenario *s, const struct lab_request *r, const struct lab_content *content,
			    struct redactor *redactor, struct text_buf *out)
{
	const struct http_head *head = r->head;

	json_put_object_begin(out, NULL);
	json_put_string(out, "method", head_method(head));
	json_put_url(out, "target", redact_url(redactor, head_target(head)));
	json_put_string(out, "host", head_get(head, FIELD_HOST));
	json_put_text(out, "origin", lab_site_name(s->site));
	json_put_text(out, "scheme", r->secure ? "https" : "http");
	json_put_text(out, "version", head->version_minor ? "HTTP/1.1" : "HTTP/1.0");
	if (s->token.len > 0)
		json_put_string(out, "case", s->token);
	json_put_uint(out, "hop", s->parameters.number[LAB_HOP]);
	json_put_object_begin(out, "content");
	json_put_text(out, "framing", framing_text(head->framing));
	json_put_bool(out, "complete", content->complete);
	json_put_uint(out, "length", content->length);
	json_put_hex(out, "sha256", content->sha256, sizeof(content->sha256));
	json_put_object_end(out);
	json_put_array_begin(out, "fields");
	for (unsigned i = 0; i < head->field_count; i++) {
		struct bytes name = head_name(head, &head->fields[i]);

		json_put_object_begin(out, NULL);
		json_put_string(out, "name", name);
		json_put_string(out, "value", redact_field(redactor, name, head_value(head, &head->fields[i])));
		json_put_object_end(out);
	}
	json_put_array_end(out);
	json_put_object_end(out);
	text_buf_add_char(out, '\n');
}

/* RFC 9110 §15.4: a short note with a link. */
static void put_note(const struct scenario *s, const struct lab_next *n, struct text_buf *out)
{
	TEXT_BUF_LITERAL(out, "<!DOCTYPE html>\n<html lang=\"en\"><head><title>");
	text_buf_add_str(out, lab_reason(s->status));
	TEXT_BUF_LITERAL(out, "</title></head><body><p><a href=\"");
	markup_add(out, n->scheme);
	TEXT_BUF_LITERAL(out, "://");
	markup_add(out, n->authority);
	markup_add(out, n->path);
	if (n->query.len > 0)
		TEXT_BUF_LITERAL(out, "?");
	markup_add(out, n->query);
	TEXT_BUF_LITERAL(out, "\">There.</a></p></body></html>\n");
}

/* Fields that say how the answer may be kept and read. */
static void put_manner(const struct scenario *s, const struct lab_request *r, struct text_buf *out)
{
	const struct lab_parameters *p = &s->parameters;
	struct bytes origin = head_get(r->head, FIELD_ORIGIN), cache = p->text[LAB_CACHE];

	if (!p->given[LAB_CACHE])
		cache = BYTES("no-store");
	if (!bytes_equal(cache, BYTES("none")))
		put_field_line(out, "Cache-Control", cache);
	if (p->given[LAB_VARY])
		put_field_line(out, "Vary", p->text[LAB_VARY]);
	if (p->number[LAB_CORS] == CORS_ANY)
		put_field_line(out, "Access-Control-Allow-Origin", BYTES("*"));
	if (p->number[LAB_CORS] >= CORS_ORIGIN && origin.len > 0)
		put_field_line(out, "Access-Control-Allow-Origin", origin);
	if (p->number[LAB_CORS] == CORS_CREDENTIALS)
		put_field_line(out, "Access-Control-Allow-Credentials", BYTES("true"));
	if (p->given[LAB_HSTS]) {
		TEXT_BUF_LITERAL(out, "Strict-Transport-Security: ");
		put_number(out, "max-age", p->number[LAB_HSTS]);
		TEXT_BUF_LITERAL(out, "\r\n");
	}
	if (p->given[LAB_RETRY_AFTER]) {
		TEXT_BUF_LITERAL(out, "Retry-After: ");
		text_buf_add_uint(out, p->number[LAB_RETRY_AFTER]);
		TEXT_BUF_LITERAL(out, "\r\n");
	}
	if (p->given[LAB_COOKIE]) {
		TEXT_BUF_LITERAL(out, "Set-Cookie: ");
		text_buf_add(out, p->text[LAB_COOKIE]);
		TEXT_BUF_LITERAL(out, "=set-by-the-lab; Path=/\r\n");
	}
	if (s->page == PAGE_REDIRECT && p->number[LAB_LOOP] == LOOP_COOKIE)
		TEXT_BUF_LITERAL(out, "Set-Cookie: lab-session=set-by-the-lab; Path=/\r\n");
}

static void put_preflight(const struct lab_request *r, struct text_buf *out)
{
	const struct http_field *f = head_find_name(r->head, BYTES("Access-Control-Request-Headers"));

	TEXT_BUF_LITERAL(out, "Access-Control-Allow-Methods: GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS\r\n");
	if (f)
		put_field_line(out, "Access-Control-Allow-Headers", head_value(r->head, f));
}

static enum lab_form form_of(const struct scenario *s)
{
	enum lab_form form = (enum lab_form)s->parameters.number[LAB_LOCATION];

	return (lab_forms[form].scope & SCOPE_LAST_HOP) && !is_last_hop(s) ? FORM_ABSOLUTE : form;
}

/* The page's content, and its Content-Type. */
static const char *put_page(const struct scenario *s, const struct lab_request *r, const struct lab_content *content,
			    struct redactor *redactor, const struct lab_next *next, struct text_buf *out)
{
	switch (s->page) {
	case PAGE_INDEX:
		return index_page_write(r->world, r->secure, r->head, out);
	case PAGE_REDIRECT:
		put_note(s, next, out);
		return "text/html; charset=utf-8";
	case PAGE_FINAL:
		put_description(s, r, content, redactor, out);
		return "application/json";
	case PAGE_WRONG:
		return index_page_write_wrong(r->head, s->status, s->wrong, out);
	case PAGE_PREFLIGHT:
	default:
		return NULL;
	}
}

/* RFC 9110 §6.4.1, §15.3.5, §15.4.5. */
static bool has_no_content(uint16_t status)
{
	return status == 204 || status == 304;
}

void scenario_write(const struct scenario *s, const struct lab_request *r, const struct lab_content *content,
		    struct redactor *redactor, struct text_buf *out)
{
	struct text_buf page = {0}, room = {0};
	struct lab_next next = {0};
	const char *type;
	char line[64];

	if (s->page == PAGE_REDIRECT)
		next = scenario_next(s, r, &room);
	type = put_page(s, r, content, redactor, &next, &page);
	snprintf(line, sizeof(line), "HTTP/1.1 %u %s\r\n", s->status, lab_reason(s->status));
	text_buf_add_str(out, line);
	put_date(out, r->wall_s);
	TEXT_BUF_LITERAL(out, "Server: hopaudit-lab/" HOPAUDIT_VERSION "\r\n");
	if (s->page == PAGE_REDIRECT)
		lab_location_write(&next, form_of(s), out);
	put_manner(s, r, out);
	if (s->page == PAGE_PREFLIGHT)
		put_preflight(r, out);
	if (s->status == 405)
		TEXT_BUF_LITERAL(out, "Allow: GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS\r\n");
	if (s->closing)
		TEXT_BUF_LITERAL(out, "Connection: close\r\n");
	if (!has_no_content(s->status) && type) {
		put_field_line(out, "Content-Type", bytes_str(type));
		TEXT_BUF_LITERAL(out, "X-Content-Type-Options: nosniff\r\nContent-Length: ");
		text_buf_add_uint(out, page.len);
		TEXT_BUF_LITERAL(out, "\r\n");
	}
	TEXT_BUF_LITERAL(out, "\r\n");
	if (!has_no_content(s->status) && !bytes_equal(head_method(r->head), BYTES("HEAD")))
		text_buf_add(out, text_buf_view(&page));
	if (page.failed || room.failed)
		out->failed = true;
	text_buf_free(&page);
	text_buf_free(&room);
}
