/* SPDX-License-Identifier: MIT
 *
 * What a request asks for. The answer to it is written in answer.c. */
#include "proxy/lab/scenario.h"

#include <stdio.h>

#include "parser/form.h"
#include "parser/uri.h"

static const char lab_cookie[] = "lab-session";

static bool is_token_char(unsigned char c)
{
	return ascii_is_digit(c) || (ascii_lower(c) >= 'a' && ascii_lower(c) <= 'z') || c == '-' || c == '_' ||
	       c == '.';
}

static bool starts_with(struct bytes b, struct bytes prefix)
{
	return b.len >= prefix.len && memcmp(b.ptr, prefix.ptr, prefix.len) == 0;
}

static void set_wrong(struct scenario *s, uint16_t status, const char *why)
{
	s->page = PAGE_WRONG;
	s->status = status;
	if (why)
		snprintf(s->wrong, sizeof(s->wrong), "%s", why);
}

/* Path, query and authority of the target, whatever its form; false when it is none that an origin is asked for. */
static bool split_target(struct scenario *s, const struct lab_request *r)
{
	struct bytes target = head_target(r->head);
	struct uri url;
	size_t question;

	s->authority = head_get(r->head, FIELD_HOST);
	if (uri_parse_http(target, &url) == URI_OK) {
		s->authority = url.authority;
		s->path = url.path;
		s->query = url.query;
		return true;
	}
	target = bytes_slice(target, 0, bytes_find(target, '#'));
	question = bytes_find(target, '?');
	s->path = bytes_slice(target, 0, question);
	s->query = bytes_slice(target, question + 1, target.len);
	return target.len > 0 && target.ptr[0] == '/';
}

/* Takes "/case/TOKEN" from the front of the path. */
static struct bytes take_case(struct scenario *s)
{
	static const struct bytes folder = {"/case/", 6};
	size_t end = folder.len;

	if (!starts_with(s->path, folder))
		return s->path;
	while (end < s->path.len && is_token_char((unsigned char)s->path.ptr[end]))
		end++;
	if (end == folder.len || s->path.ptr[folder.len] == '.' || end - folder.len > LAB_TOKEN_MAX ||
	    (end < s->path.len && s->path.ptr[end] != '/'))
		return s->path;
	s->prefix = bytes_slice(s->path, 0, end);
	s->token = bytes_slice(s->path, folder.len, end);
	return bytes_slice(s->path, end, s->path.len);
}

static bool to_status(struct bytes text, uint16_t *status)
{
	int64_t number;

	if (text.len != 3 || !bytes_to_int64(text, &number) || number < 200 || number > 599)
		return false;
	*status = (uint16_t)number;
	return true;
}

static bool is_redirect(uint16_t status)
{
	return status >= 300 && status <= 308;
}

/* "307", or "302,307" where all are redirects; the first of them is this answer's. Returns how many there are. */
static uint32_t read_statuses(struct scenario *s)
{
	struct bytes rest = s->statuses, one;
	uint32_t count = 0;
	uint16_t status;

	while (list_next(&rest, &one)) {
		if (!to_status(one, &status) || (count > 0 && !(is_redirect(status) && is_redirect(s->status))))
			return 0;
		if (count++ == 0)
			s->status = status;
	}
	return count <= LAB_HOPS_MAX ? count : 0;
}

static bool cookie_came(const struct http_head *head)
{
	for (const struct http_field *f = head_find(head, FIELD_COOKIE); f; f = head_find_next(head, f)) {
		struct bytes value = head_value(head, f);

		for (size_t at = 0; at + sizeof(lab_cookie) <= value.len; at++) {
			if (memcmp(value.ptr + at, lab_cookie, sizeof(lab_cookie) - 1) == 0 &&
			    value.ptr[at + sizeof(lab_cookie) - 1] == '=')
				return true;
		}
	}
	return false;
}

/* A preflight (Fetch, CORS-preflight request) that the answer is meant to let pass. */
static bool is_preflight(const struct scenario *s, const struct http_head *head)
{
	return s->parameters.number[LAB_CORS] != CORS_NO && bytes_equal(head_method(head), BYTES("OPTIONS")) &&
	       head_find_name(head, BYTES("Access-Control-Request-Method"));
}

/* The first of the origins, whether it is another one, and whether the scheme is. */
static void check_combination(struct scenario *s, const struct lab_request *r, uint32_t status_count)
{
	const struct lab_parameters *p = &s->parameters;
	const struct lab_form_row *form = &lab_forms[p->number[LAB_LOCATION]];
	struct bytes rest;
	uint32_t origin = p->given[LAB_ORIGIN]
			      ? lab_list_first(&lab_parameter_rows[LAB_ORIGIN], p->text[LAB_ORIGIN], &rest)
			      : SITE_COUNT;
	bool secure = p->number[LAB_SCHEME] == SCHEME_SAME ? r->secure : p->number[LAB_SCHEME] == SCHEME_HTTPS;

	if (origin != SITE_COUNT && !*r->world->authority[origin][secure]) {
		snprintf(s->wrong, sizeof(s->wrong),
			 "origin=%s: there is no such origin here (siblings are names, which the simulator has inside "
			 "the proxy only)",
			 lab_site_name((enum lab_site)origin));
		set_wrong(s, 400, NULL);
	} else if (((form->scope & SCOPE_SAME_ORIGIN) && origin != SITE_COUNT && origin != s->site) ||
		   ((form->scope & SCOPE_SAME_SCHEME) && secure != r->secure)) {
		snprintf(s->wrong, sizeof(s->wrong),
			 "location=%s names no %s, so that it can't lead to another: leave out %s", form->name,
			 secure != r->secure ? "scheme" : "origin", secure != r->secure ? "scheme" : "origin");
		set_wrong(s, 400, NULL);
	} else if (p->number[LAB_LOCATION] == FORM_QUERY && status_count > 1) {
		set_wrong(s, 400, "location=query keeps the path, so that there can be one status only");
	} else if (p->given[LAB_HOPS] && status_count > 1 && p->number[LAB_HOPS] < status_count) {
		set_wrong(s, 400, "hops: there are more statuses than that");
	}
}

/* /status/307 and what hangs on it. */
static void read_status_page(struct scenario *s, const struct lab_request *r, struct bytes rest)
{
	const struct lab_parameters *p = &s->parameters;
	uint32_t count;

	s->slash = rest.len > 0 && rest.ptr[rest.len - 1] == '/';
	if (s->slash)
		rest = bytes_slice(rest, 0, rest.len - 1);
	if (p->number[LAB_LOOP] == LOOP_PAIR && rest.len > 2 &&
	    bytes_equal(bytes_slice(rest, rest.len - 2, rest.len), BYTES("/b")))
		rest = bytes_slice(rest, 0, rest.len - 2);
	s->statuses = rest;
	count = read_statuses(s);
	if (count == 0) {
		set_wrong(s, 404, "/status/N takes a status from 200 to 599, or several redirects like 302,307");
		return;
	}
	s->page = PAGE_REDIRECT;
	s->hops = p->given[LAB_HOPS] ? p->number[LAB_HOPS] : count;
	if (!is_redirect(s->status) || p->number[LAB_DONE] ||
	    (p->number[LAB_LOOP] == LOOP_COOKIE && cookie_came(r->head)))
		s->page = PAGE_FINAL;
	if (s->page == PAGE_FINAL && is_redirect(s->status))
		s->status = 200;
	check_combination(s, r, count);
}

static void read_page(struct scenario *s, const struct lab_request *r, struct bytes path)
{
	static const struct bytes status_folder = {"/status/", 8}, final_folder = {"/final/", 7};

	if (path.len == 0 || bytes_equal(path, BYTES("/"))) {
		s->page = PAGE_INDEX;
		s->status = 200;
	} else if (starts_with(path, status_folder)) {
		read_status_page(s, r, bytes_slice(path, status_folder.len, path.len));
	} else if (bytes_equal(path, BYTES("/final")) || starts_with(path, final_folder)) {
		s->page = PAGE_FINAL;
		s->status = 200;
	} else {
		set_wrong(s, 404, "there is nothing here: there is /, /status/307 and its like, and /final");
	}
}

void scenario_read(struct scenario *s, const struct lab_request *r)
{
	struct bytes method = head_method(r->head), path;

	memset(s, 0, offsetof(struct scenario, parameters));
	memset((char *)s + offsetof(struct scenario, prefix), 0, sizeof(*s) - offsetof(struct scenario, prefix));
	memset(s->parameters.number, 0, sizeof(s->parameters.number));
	memset(s->parameters.given, 0, sizeof(s->parameters.given));
	s->closing = !r->head->keep_alive || r->head->version_minor == 0;
	if (!split_target(s, r)) {
		set_wrong(s, 400, "the target is neither a path nor an http URL");
		return;
	}
	s->site = lab_site_of(r->world, r->secure, s->authority, r->site);
	path = take_case(s);
	if (bytes_equal(method, BYTES("TRACE")) || bytes_equal(method, BYTES("CONNECT"))) {
		set_wrong(s, 405, "no TRACE and no CONNECT here");
		return;
	}
	if (!lab_parameters_read(&s->parameters, s->query, s->wrong, sizeof(s->wrong))) {
		set_wrong(s, 400, NULL);
		return;
	}
	read_page(s, r, path);
	if (s->page == PAGE_WRONG)
		return;
	if (is_preflight(s, r->head)) {
		s->page = PAGE_PREFLIGHT;
		s->status = 204;
	}
	if (s->parameters.number[LAB_CONNECTION] || scenario_early(s) >= EARLY_CLOSE ||
	    (scenario_early(s) == EARLY_KEEP && r->head->expect_continue))
		s->closing = true;
}
