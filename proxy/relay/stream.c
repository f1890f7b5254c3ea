/* SPDX-License-Identifier: MIT */
#include "proxy/relay/stream.h"

#include <errno.h>
#include <fcntl.h>
#include <event2/buffer.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static void go_on_securing(struct stream *s);

static const size_t record_max = 16384; /* RFC 8446 §5.1 */

static void on_readable(evutil_socket_t fd, short what, void *arg)
{
	struct stream *s = arg;

	(void)fd;
	(void)what;
	if (s->securing)
		go_on_securing(s);
	else if (s->reading) /* it may have been stopped after it was made active for what TLS holds */
		s->events->readable(s->owner);
}

void stream_init(struct stream *s, struct event_base *base, int fd, const struct stream_events *events, void *owner)
{
	*s = (struct stream){.fd = fd, .events = events, .owner = owner, .base = base, .read_max = STREAM_READ_FIRST};
	if (fd >= 0)
		event_assign(&s->read_event, base, fd, EV_READ | EV_PERSIST, on_readable, s);
}

void stream_read_start(struct stream *s)
{
	if (s->reading || s->fd < 0 || s->end_seen)
		return;
	s->reading = event_add(&s->read_event, NULL) == 0;
	if (s->tls_more)
		event_active(&s->read_event, EV_READ, 0);
}

void stream_read_stop(struct stream *s)
{
	if (!s->reading)
		return;
	event_del(&s->read_event);
	s->reading = false;
}

static ssize_t read_tls(struct stream *s, char *to, size_t room)
{
	ssize_t n = tls_read(s->tls, to, room, &s->unclean);

	s->tls_more = n > 0 && (n == (ssize_t)room || tls_is_over(s->tls));
	if (s->tls_more && s->reading)
		event_active(&s->read_event, EV_READ, 0);
	if (n == STREAM_END || n == STREAM_ERROR) {
		s->end_seen = true;
		stream_read_stop(s);
	}
	return n;
}

ssize_t stream_read(struct stream *s, char *to, size_t room)
{
	ssize_t n;

	if (s->tls)
		return read_tls(s, to, room);
	do
		n = recv(s->fd, to, room, 0);
	while (n < 0 && errno == EINTR);
	if (n > 0)
		return n;
	if (n < 0 && (errno == EAGAIN || errno == EWOULDBLOCK))
		return STREAM_AGAIN;
	/* End or error: level-triggered, so go on listening and the loop would spin. */
	s->end_seen = true;
	stream_read_stop(s);
	return n == 0 ? STREAM_END : STREAM_ERROR;
}

static void drop_queue(struct stream *s)
{
	if (s->write_event) {
		event_free(s->write_event);
		s->write_event = NULL;
	}
	if (s->out) {
		evbuffer_free(s->out);
		s->out = NULL;
	}
}

static void send_end(struct stream *s)
{
	if (!s->end_sent && s->fd >= 0 && !s->write_broken) {
		if (s->tls)
			tls_end(s->tls);
		shutdown(s->fd, SHUT_WR);
	}
	s->end_sent = true;
}

/* One record at a time, from the same first bytes on until it has gone (OpenSSL insists). */
static int write_record(struct stream *s)
{
	size_t len = evbuffer_get_length(s->out);
	ssize_t n;

	if (len > record_max)
		len = record_max;
	n = tls_write(s->tls, (const char *)evbuffer_pullup(s->out, (ev_ssize_t)len), len);
	if (n == 0)
		errno = EAGAIN;
	if (n > 0)
		evbuffer_drain(s->out, (size_t)n);
	return n > 0 ? (int)n : -1;
}

/* True when the queue is empty, false while something is left; sets write_broken on failure. */
static bool write_queue(struct stream *s)
{
	while (evbuffer_get_length(s->out) > 0) {
		int n = s->tls ? write_record(s) : evbuffer_write(s->out, s->fd);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0 && (errno == EAGAIN || errno == EWOULDBLOCK))
			return false;
		if (n < 0) {
			s->write_broken = true;
			return false;
		}
		s->sent += (uint64_t)n;
	}
	drop_queue(s);
	if (s->end_wanted)
		send_end(s);
	return true;
}

static void on_writable(evutil_socket_t fd, short what, void *arg)
{
	struct stream *s = arg;

	(void)fd;
	(void)what;
	if (s->securing) {
		go_on_securing(s);
		return;
	}
	if (write_queue(s)) {
		s->events->drained(s->owner);
	} else if (s->write_broken) {
		drop_queue(s);
		s->events->broken(s->owner);
	}
}

static bool want_writable(struct stream *s);

static bool queue_parts(struct stream *s, const struct iovec *parts, int count, size_t skip)
{
	if (!s->out && !(s->out = evbuffer_new()))
		return false;
	for (int i = 0; i < count; i++) {
		size_t len = parts[i].iov_len;

		if (skip >= len) {
			skip -= len;
			continue;
		}
		if (evbuffer_add(s->out, (const char *)parts[i].iov_base + skip, len - skip))
			return false;
		skip = 0;
	}
	if (s->fd < 0 || s->securing)
		return true;
	return want_writable(s);
}

static bool want_writable(struct stream *s)
{
	if (s->write_event)
		return true;
	s->write_event = event_new(s->base, s->fd, EV_WRITE | EV_PERSIST, on_writable, s);
	return s->write_event && event_add(s->write_event, NULL) == 0;
}

/* Small parts become one record. */
static ssize_t write_tls(struct stream *s, const struct iovec *parts, int count, size_t total)
{
	char record[16384];
	size_t at = 0;
	ssize_t done = 0, n;

	if (total <= sizeof(record)) {
		for (int i = 0; i < count; i++) {
			memcpy(record + at, parts[i].iov_base, parts[i].iov_len);
			at += parts[i].iov_len;
		}
		return tls_write(s->tls, record, total);
	}
	for (int i = 0; i < count; i++) {
		for (at = 0; at < parts[i].iov_len; at += (size_t)n, done += n) {
			n = tls_write(s->tls, (const char *)parts[i].iov_base + at, parts[i].iov_len - at);
			if (n <= 0)
				return n < 0 && done == 0 ? -1 : done;
		}
	}
	return done;
}

/* Bytes that the socket took, 0 when it is full, -1 when it is broken. */
static ssize_t write_now(struct stream *s, const struct iovec *parts, int count)
{
	struct msghdr message = {.msg_iov = (struct iovec *)parts, .msg_iovlen = (size_t)count};
	ssize_t n;

	do
		n = count == 1 ? send(s->fd, parts->iov_base, parts->iov_len, MSG_NOSIGNAL)
			       : sendmsg(s->fd, &message, MSG_NOSIGNAL);
	while (n < 0 && errno == EINTR);
	if (n < 0 && (errno == EAGAIN || errno == EWOULDBLOCK))
		return 0;
	return n;
}

bool stream_write(struct stream *s, const struct iovec *parts, int count)
{
	size_t total = 0;
	ssize_t n = 0;

	if (s->write_broken || s->end_wanted) {
		errno = EPIPE;
		return false;
	}
	for (int i = 0; i < count; i++)
		total += parts[i].iov_len;
	if (total == 0)
		return true;
	if (s->fd >= 0 && !s->out && !s->securing) {
		n = s->tls ? write_tls(s, parts, count, total) : write_now(s, parts, count);
		if (n < 0) {
			s->write_broken = true;
			return false;
		}
		s->sent += (uint64_t)n;
		if ((size_t)n == total)
			return true;
	}
	if (!queue_parts(s, parts, count, (size_t)n)) {
		s->write_broken = true;
		errno = ENOMEM;
		return false;
	}
	return true;
}

bool stream_connected(struct stream *s, int fd)
{
	s->fd = fd;
	event_assign(&s->read_event, s->base, fd, EV_READ | EV_PERSIST, on_readable, s);
	stream_read_start(s);
	if (!s->out || s->securing)
		return true;
	if (write_queue(s))
		return true;
	return !s->write_broken && queue_parts(s, NULL, 0, 0);
}

bool stream_pipe_open(struct stream_pipe *p)
{
	int ends[2], size;

	*p = (struct stream_pipe){-1, -1, 0};
	if (pipe2(ends, O_NONBLOCK | O_CLOEXEC))
		return false;
	/* As large as an unprivileged user may have it; the kernel's default will do where even that is too much. */
	size = fcntl(ends[1], F_SETPIPE_SZ, 1024 * 1024);
	if (size <= 0)
		size = fcntl(ends[1], F_GETPIPE_SZ);
	*p = (struct stream_pipe){ends[1], ends[0], size > 0 ? (uint32_t)size : 4096};
	return true;
}

void stream_pipe_close(struct stream_pipe *p)
{
	if (p->in >= 0)
		close(p->in);
	if (p->out >= 0)
		close(p->out);
	*p = (struct stream_pipe){-1, -1, 0};
}

static ssize_t splice_all(int from, int to, size_t most)
{
	ssize_t n;

	do
		n = splice(from, NULL, to, NULL, most, SPLICE_F_MOVE | SPLICE_F_NONBLOCK);
	while (n < 0 && errno == EINTR);
	return n;
}

/* The pipe must be empty for the next connection, whatever becomes of this one. */
static bool queue_rest(struct stream *to, const struct stream_pipe *p, size_t rest, char *spare)
{
	size_t got = 0;

	while (got < rest) {
		ssize_t n = read(p->out, spare + got, rest - got);

		if (n > 0)
			got += (size_t)n;
		else if (n == 0 || errno != EINTR)
			return false;
	}
	return to->write_broken || stream_write(to, &(struct iovec){spare, got}, 1);
}

ssize_t stream_splice(struct stream *from, struct stream *to, size_t most, const struct stream_pipe *p, char *spare)
{
	ssize_t n = splice_all(from->fd, p->in, most < p->size ? most : p->size), m;

	if (n < 0 && (errno == EAGAIN || errno == EWOULDBLOCK))
		return STREAM_AGAIN;
	if (n <= 0) {
		from->end_seen = true;
		stream_read_stop(from);
		return n == 0 ? STREAM_END : STREAM_ERROR;
	}
	m = splice_all(p->out, to->fd, (size_t)n);
	if (m < 0 && errno != EAGAIN && errno != EWOULDBLOCK)
		to->write_broken = true;
	if (m > 0)
		to->sent += (uint64_t)m;
	if (m < n && !queue_rest(to, p, (size_t)n - (m > 0 ? (size_t)m : 0), spare))
		to->write_broken = true;
	return to->write_broken ? STREAM_BROKEN : n;
}

static void free_tls(struct stream *s)
{
	SSL_free(s->tls);
	s->tls = NULL;
	s->securing = false;
}

/* Ended or not, and what to wait for. */
static enum tls_result step_securing(struct stream *s)
{
	enum tls_result r = tls_handshake(s->tls);

	if (r == TLS_WANT_WRITE && !want_writable(s))
		r = TLS_FAILED;
	if (r != TLS_WANT_WRITE && s->write_event && !s->out) {
		event_free(s->write_event);
		s->write_event = NULL;
	}
	if (r != TLS_DONE)
		return r;
	s->securing = false;
	s->tls_more = tls_has_pending(s->tls);
	if (s->tls_more && s->reading)
		event_active(&s->read_event, EV_READ, 0);
	if (s->out && !write_queue(s) && !s->write_broken && !want_writable(s))
		s->write_broken = true;
	return s->write_broken ? TLS_FAILED : TLS_DONE;
}

static void go_on_securing(struct stream *s)
{
	enum tls_result r = step_securing(s);

	if (r == TLS_DONE || r == TLS_FAILED)
		s->events->secured(s->owner, r == TLS_DONE);
}

enum tls_result stream_secure(struct stream *s, SSL *tls)
{
	s->tls = tls;
	s->securing = true;
	stream_read_start(s);
	return step_securing(s);
}

void stream_unsecure(struct stream *s)
{
	free_tls(s);
	s->tls_more = false;
}

size_t stream_queued(const struct stream *s)
{
	return s->out ? evbuffer_get_length(s->out) : 0;
}

void stream_end(struct stream *s)
{
	s->end_wanted = true;
	if (!s->out)
		send_end(s);
}

void stream_close(struct stream *s, bool reset)
{
	if (s->fd < 0) {
		drop_queue(s);
		return;
	}
	stream_read_stop(s);
	drop_queue(s);
	if (s->tls) {
		if (!reset && !s->write_broken)
			tls_end(s->tls);
		free_tls(s);
	}
	if (reset) {
		const struct linger now = {.l_onoff = 1, .l_linger = 0};

		setsockopt(s->fd, SOL_SOCKET, SO_LINGER, &now, sizeof(now));
	}
	close(s->fd);
	s->fd = -1;
	s->end_seen = true;
}
