/* SPDX-License-Identifier: MIT */
#include "proxy/relay/response.h"

#include <stdlib.h>
#include <string.h>

#include "proxy/relay/forward.h"
#include "proxy/relay/intercept.h"
#include "proxy/relay/reply.h"
#include "proxy/relay/sockaddr.h"
#include "proxy/relay/tunnel.h"

static const unsigned interim_max = 64;      /* 1xx responses before a final one */
static const unsigned record_waits_max = 40; /* × DEADLINE_RECORD: about two seconds */

static void refuse(struct exchange *x, const char *detail)
{
	const struct reply r = {.status = 502, .error = "http_protocol_error", .detail = detail};

	reply_error(x->client, &r);
}

void response_done(struct exchange *x)
{
	x->res = PROGRESS_DONE;
	if (x->upstream && !x->upstream_keep) {
		struct upstream *u = x->upstream;

		if (u->pinned)
			x->client_keep = false;
		x->upstream = NULL;
		upstream_close(u, false);
	}
	if (x->req == PROGRESS_DONE)
		deadline_clear(&x->worker->deadlines, &x->client->deadline);
	exchange_complete(x);
}

static void content_to_client(void *arg, struct bytes data)
{
	struct exchange *x = arg;
	const struct iovec part = {(char *)data.ptr, data.len};

	x->response_content += data.len;
	if (x->capture)
		capture_content(x->capture, CAPTURE_RESPONSE, data);
	if (x->dechunk && !x->client->stream.write_broken)
		(void)stream_write(&x->client->stream, &part, 1);
}

/* Takes what belongs to the response's content from `data`; `*pass` is what goes to the client as it is. False when it
 * is malformed. */
static bool take_body(struct exchange *x, struct bytes data, size_t *used, struct bytes *pass)
{
	struct chunked_result r;

	*pass = data;
	switch (x->res_framing) {
	case BODY_NONE:
		*used = 0;
		break;
	case BODY_UNTIL_CLOSE:
		*used = data.len;
		break;
	case BODY_LENGTH:
		*used = (uint64_t)x->res_left < data.len ? (size_t)x->res_left : data.len;
		x->res_left -= (int64_t)*used;
		break;
	case BODY_CHUNKED:
		*used = 0;
		*pass = (struct bytes){0};
		if (data.len == 0)
			return true;
		r = chunked_feed(x->res_chunks, data);
		if (r.error != HTTP_OK)
			return false;
		*used = r.used;
		if (!x->dechunk)
			*pass = bytes_slice(data, 0, r.used);
		if (r.done)
			x->res = PROGRESS_DONE;
		return true;
	}
	x->response_content += *used;
	*pass = bytes_slice(data, 0, *used);
	if (x->capture && *used > 0)
		capture_content(x->capture, CAPTURE_RESPONSE, *pass);
	if (x->res_framing == BODY_NONE || (x->res_framing == BODY_LENGTH && x->res_left == 0))
		x->res = PROGRESS_DONE;
	return true;
}

/* After a write: read on, or wait until the client has taken what is queued. The next read is larger while the client
 * keeps pace, so that bulk costs few calls and a slow reader little memory. */
static void pace_upstream(struct exchange *x, size_t passed)
{
	struct stream *s = &x->upstream->stream;
	uint32_t most = x->worker->config->limits.buffered_max;

	worker_deadline(x->worker, &x->client->deadline, DEADLINE_BODY_IDLE);
	if (stream_queued(&x->client->stream) > 0) {
		stream_read_stop(s);
		s->read_max = STREAM_READ_FIRST < most ? STREAM_READ_FIRST : most;
	} else if (passed >= s->read_max && s->read_max < most) {
		s->read_max = s->read_max * 2 < most ? s->read_max * 2 : most;
	}
}

/* `parts[0]` is the head, if there is one to send. */
static size_t pass_body(struct exchange *x, struct iovec *parts, int count, struct bytes data)
{
	struct client *c = x->client;
	bool with_head = count > 0;
	struct bytes pass;
	size_t used = 0;
	bool ok;

	if (x->dechunk && count > 0) { /* the content is written by its callback: the head must go before */
		if (!stream_write(&c->stream, parts, count)) {
			client_close(c, "the client is gone", false);
			return data.len;
		}
		count = 0;
	}
	ok = take_body(x, data, &used, &pass);
	if (!ok) {
		refuse(x, "a malformed chunk in the response");
		return data.len;
	}
	if (pass.len > 0)
		parts[count++] = (struct iovec){(char *)pass.ptr, pass.len};
	if ((count > 0 && !stream_write(&c->stream, parts, count)) || c->stream.write_broken) {
		client_close(c, "the client is gone", false);
		return data.len;
	}
	if (with_head)
		tally_overhead(&x->worker->tally, x->busy_us + worker_busy_us(x->worker));
	if (x->res == PROGRESS_DONE) {
		if (used < data.len)
			x->upstream_keep = false; /* bytes that nobody asked for: this connection can't be trusted */
		response_done(x);
		return data.len;
	}
	pace_upstream(x, used);
	return used;
}

static size_t pass_interim(struct exchange *x, const struct http_head *head, size_t used)
{
	struct worker *w = x->worker;
	const struct forward_response f = {.head = head, .via = w->server->via};
	struct iovec part = {w->head_buffer, 0};

	if (++x->interim > interim_max) {
		refuse(x, "too many interim responses");
		return used;
	}
	if (x->head.version_minor == 0 && !x->verbatim)
		return used; /* HTTP/1.0 knows no 1xx (RFC 9110 §15.2) */
	if (x->verbatim) {
		part = (struct iovec){(char *)head->raw, head->raw_len};
	} else {
		part.iov_len = forward_response(w->head_buffer, w->head_buffer_size, &f);
	}
	if (part.iov_len > 0 && !stream_write(&x->client->stream, &part, 1))
		client_close(x->client, "the client is gone", false);
	return used;
}

/* Does the 101 switch to protocols that were offered, and to no other (RFC 9110 §7.8)? */
static bool offered(const struct http_head *request, const struct http_head *answer)
{
	const struct http_field *f = head_find(answer, FIELD_UPGRADE);

	if (!f)
		return false;
	for (; f; f = head_find_next(answer, f)) {
		struct bytes rest = head_value(answer, f), protocol;

		while (list_next(&rest, &protocol))
			if (!head_list_has(request, FIELD_UPGRADE, protocol))
				return false;
	}
	return true;
}

/* The address is the origin's: the upstream proxy's is no server's. */
static void capture_head(struct exchange *x, const struct http_head *head)
{
	struct sockaddr_storage peer;
	socklen_t size = sizeof(peer);
	char address[INET6_ADDRSTRLEN] = "";

	if (!x->upstream->by_proxy && getpeername(x->upstream->stream.fd, (struct sockaddr *)&peer, &size) == 0)
		sockaddr_print_host((struct sockaddr *)&peer, address, sizeof(address));
	capture_response(x->capture, head, address, x->worker->now_us);
}

/* 101: both ends become a tunnel. */
static size_t pass_upgrade(struct exchange *x, const struct http_head *head, struct bytes data)
{
	struct worker *w = x->worker;
	const struct forward_response f = {.head = head, .via = w->server->via, .upgrade = true};
	struct iovec part = {w->head_buffer, 0};
	struct client *c = x->client;
	struct upstream *u = x->upstream;

	if (!x->upgrade_asked || x->req != PROGRESS_DONE || !offered(&x->head, head)) {
		refuse(x, "a 101 that was not asked for");
		return data.len;
	}
	audit_response_head(w->audit, &x->audit, head, w->now_us);
	if (x->capture)
		capture_head(x, head);
	if (x->verbatim)
		part = (struct iovec){(char *)head->raw, head->raw_len};
	else
		part.iov_len = forward_response(w->head_buffer, w->head_buffer_size, &f);
	if (!stream_write(&c->stream, &part, 1)) {
		client_close(c, "the client is gone", false);
		return data.len;
	}
	audit_response_end(w->audit, &x->audit, true, 0, w->now_us);
	x->delivered_told = true;
	x->upstream = NULL;
	c->exchange = NULL;
	c->peer = NULL;
	u->exchange = NULL;
	exchange_free(x);
	tunnel_upgraded(c, u, bytes_slice(data, head->raw_len, data.len));
	return data.len;
}

/* "Keep-Alive: timeout=5": how long the origin means to keep an idle connection; 0 where it does not say. */
static uint32_t promised_idle_ms(const struct http_head *head)
{
	struct bytes rest = head_get(head, FIELD_KEEP_ALIVE), element;
	const struct bytes name = BYTES("timeout=");
	int64_t seconds;

	while (list_next(&rest, &element))
		if (bytes_starts_nocase(element, name) &&
		    bytes_to_int64(bytes_slice(element, name.len, element.len), &seconds) && seconds < 3600)
			return (uint32_t)seconds * 1000;
	return 0;
}

static void decide_framing(struct exchange *x, const struct http_head *head)
{
	struct upstream *u = x->upstream;
	const struct limits *l = &x->worker->config->limits;

	x->res_framing = head->framing;
	x->res_left = head->content_length;
	x->upstream_keep = head->keep_alive && head->framing != BODY_UNTIL_CLOSE;
	x->dechunk = head->framing == BODY_CHUNKED && x->head.version_minor == 0 && !x->verbatim;
	if (u->pinned && !x->client->intercept)
		x->upstream_keep = head->framing != BODY_UNTIL_CLOSE; /* whoever ends the tunnel ends it */
	if (head->framing == BODY_CHUNKED)
		x->res_chunks = chunked_new(l->chunk_extension_max, l->trailer_max, content_to_client, NULL, x);
	if (head->framing == BODY_UNTIL_CLOSE || x->dechunk || x->worker->draining ||
	    (x->client->half_closed && x->client->pending_len == 0) || (x->req != PROGRESS_DONE && !x->upstream_keep))
		x->client_keep = false;
	/* The client reads the origin's own Connection field: what that says holds for both. */
	if (x->verbatim && !head->keep_alive)
		x->client_keep = false;
	if (u->pinned && !x->client->intercept && head->framing != BODY_UNTIL_CLOSE)
		x->client_keep = true;
	if (head->framing == BODY_LENGTH && head->content_length == 0)
		x->res_framing = BODY_NONE;
	u->idle_max_ms = promised_idle_ms(head);
}

static size_t pass_head(struct exchange *x, const struct http_head *head)
{
	struct worker *w = x->worker;
	struct forward_response f = {.head = head, .via = w->server->via, .dechunk = x->dechunk};

	if (x->verbatim) {
		memcpy(w->head_buffer, head->raw, head->raw_len);
		return head->raw_len;
	}
	if (!x->client_keep)
		f.connection = FORWARD_CONNECTION_CLOSE;
	else if (x->head.version_minor == 0)
		f.connection = FORWARD_CONNECTION_KEEP_ALIVE;
	return forward_response(w->head_buffer, w->head_buffer_size, &f);
}

static bool is_redirect(const struct http_head *head)
{
	return head->status >= 300 && head->status < 400;
}

/* A redirect must be in the log, and any exchange in the HAR if there is one. */
static bool can_record(const struct exchange *x, const struct http_head *head)
{
	if (x->capture && !captures_have_room(x->worker->server->captures))
		return false;
	return !is_redirect(head) || audit_can_record(x->worker->audit);
}

/* The recorder can't take it just now: the response waits a moment, other connections don't. */
static bool must_wait(struct exchange *x, const struct http_head *head)
{
	if (can_record(x, head) || x->record_waits >= record_waits_max)
		return false;
	x->record_waits++;
	stream_read_stop(&x->upstream->stream);
	worker_deadline(x->worker, &x->upstream->deadline, DEADLINE_RECORD);
	return true;
}

/* Its credentials are our business: the client would take the challenge for one of ours. */
static size_t refuse_challenge(struct exchange *x, size_t used)
{
	struct reply r = reply_for_connect(CONNECT_PROXY_DENIED, x->worker->server->upstream_proxy.wants_credentials);

	reply_error(x->client, &r);
	return used;
}

static size_t pass_final(struct exchange *x, const struct http_head *head, struct bytes data)
{
	struct worker *w = x->worker;
	struct iovec parts[2];
	size_t used;

	decide_framing(x, head);
	if (x->res_framing == BODY_CHUNKED && !x->res_chunks) {
		refuse(x, "out of memory");
		return data.len;
	}
	deadline_clear(&w->deadlines, &x->upstream->deadline);
	tally_answer(&w->tally, head->status);
	audit_response_head(w->audit, &x->audit, head, w->now_us);
	if (x->capture)
		capture_head(x, head);
	parts[0] = (struct iovec){w->head_buffer, pass_head(x, head)};
	if (parts[0].iov_len == 0) {
		refuse(x, "response head too large");
		return data.len;
	}
	x->res = PROGRESS_BODY;
	used = head->raw_len;
	if (head->status == 304)
		x->response_content = data.len - used; /* not passed on, and told: it has no content */
	return used + pass_body(x, parts, 1, bytes_slice(data, used, data.len));
}

static size_t refuse_head(struct exchange *x, struct bytes data, enum http_error error)
{
	audit_response_refused(x->worker->audit, &x->audit, data, x->worker->now_us);
	refuse(x, http_error_text(error));
	return data.len;
}

static size_t take_head(struct exchange *x, struct bytes data, bool *parked)
{
	struct worker *w = x->worker;
	const struct limits *l = &w->config->limits;
	const struct http_limits limits = {.target_max = l->target_max,
					   .field_max = l->field_max,
					   .head_max = l->head_max,
					   .fields_max = (uint16_t)l->fields_max};
	struct upstream *u = x->upstream;
	struct http_head head = {.fields = w->fields, .fields_max = (uint16_t)l->fields_max};
	enum head_scan_result scanned = head_scan(&u->scan, data, l->head_max);
	enum http_error error;
	size_t end = u->scan.end;

	if (scanned == HEAD_SCAN_MORE)
		return 0;
	u->scan = (struct head_scan){0};
	if (scanned != HEAD_SCAN_DONE)
		return refuse_head(x, data, http_error_of_scan(scanned));
	error = http_parse_response(bytes_slice(data, 0, end), &limits, head_method(&x->head), &head);
	if (error != HTTP_OK)
		return refuse_head(x, data, error);
	if (head.status == 101)
		return pass_upgrade(x, &head, data);
	if (head.status < 200)
		return pass_interim(x, &head, end);
	if (head.status == 407 && x->by_proxy)
		return refuse_challenge(x, data.len);
	if (must_wait(x, &head)) {
		*parked = true;
		return 0;
	}
	return pass_final(x, &head, data);
}

bool exchange_response_bulk(struct exchange *x)
{
	struct stream *from = &x->upstream->stream, *to = &x->client->stream;
	struct worker *w = x->worker;
	size_t most = from->read_max;
	ssize_t n;

	if (x->res != PROGRESS_BODY || !stream_may_splice(from, to) ||
	    (x->capture && capture_wants_content(x->capture)) ||
	    (x->res_framing != BODY_LENGTH && x->res_framing != BODY_UNTIL_CLOSE))
		return false;
	if (x->res_framing == BODY_LENGTH && (uint64_t)x->res_left < most)
		return false; /* the last part is read, so that bytes behind it are seen */
	n = stream_splice(from, to, most, &w->pipe, w->buffer);
	if (n == STREAM_AGAIN)
		return true;
	if (n == STREAM_BROKEN) {
		client_close(x->client, "the client is gone", false);
		return true;
	}
	if (n < 0 || n == STREAM_END) {
		exchange_response_end(x, n == STREAM_ERROR);
		return true;
	}
	x->response_content += (uint64_t)n;
	if (x->res_framing == BODY_LENGTH)
		x->res_left -= n;
	pace_upstream(x, (size_t)n);
	if (x->res_framing == BODY_LENGTH && x->res_left == 0)
		response_done(x);
	return true;
}

size_t exchange_response(struct exchange *x, struct bytes data, bool *parked)
{
	struct iovec parts[1];

	if (x->res == PROGRESS_HEAD)
		return take_head(x, data, parked);
	if (x->res == PROGRESS_BODY)
		return pass_body(x, parts, 0, data);
	/* Done, while the request's content still goes on: nothing more was to come. */
	x->upstream_keep = false;
	response_done(x);
	return data.len;
}
