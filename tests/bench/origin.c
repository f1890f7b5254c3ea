/* SPDX-License-Identifier: MIT
 *
 * The origin of the bench: /1k, /large/64k and /large/512m are files of that size, /post takes a body and answers
 * "posted", /redirect takes one and answers 307 to /post. A request is read to its end before it is answered. The heads
 * have the fields that a common server sends, for their cost is measured too. */
#include "tests/bench/origin.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "tests/bench/link.h"
#include "tests/bench/source.h"

enum { READ_SIZE = 1 << 20, HEAD_MAX = 8192, FILLER_SIZE = 1 << 20, PREAMBLE_SIZE = 16 };

/* A response: a text that is sent at once, and for a large one so many bytes of filler after it. */
struct answer {
	const char *path;
	char *bytes; /* owned */
	size_t size;
	uint64_t filler;
};

enum { ANSWERS = 5, LISTENERS = 3 };

struct listener {
	struct source source;
	struct origin *origin;
	int fd;
	bool opaque;
	SSL_CTX *secure; /* borrowed; NULL: plain */
};

/* One connection of a contestant: it reads a request, or writes an answer; closed when either fails. */
struct guest {
	struct source source;
	struct origin *origin;
	struct guest *next, **before; /* in origin->guests */
	struct link link;
	bool wants_write;
	bool close;                  /* after the answer */
	size_t skip;                 /* bytes of the preamble still to come */
	const struct answer *answer; /* NULL: a head is awaited; else its body, or the answer is being sent */
	uint64_t body_left;
	const char *out; /* borrowed from the answer */
	size_t out_left;
	uint64_t filler_left;
	size_t head_size;
	char head[HEAD_MAX];
};

struct origin {
	int epoll_fd;
	struct listener listeners[LISTENERS];
	struct guest *guests;
	struct answer answers[ANSWERS];
	char *filler; /* owned, FILLER_SIZE */
	char *buffer; /* owned, READ_SIZE */
	uint64_t errors;
};

/* --- answers --------------------------------------------------------------------------------------------------------
 */

static bool lay_out(struct answer *a, const char *path, const char *status, const char *extra, const char *body,
		    uint64_t length, uint64_t filler)
{
	static const char format[] = "HTTP/1.1 %s\r\nServer: bench/1.0\r\nDate: Tue, 24 Nov 2026 12:00:00 GMT\r\n"
				     "Content-Type: application/octet-stream\r\nContent-Length: %llu\r\n"
				     "Last-Modified: Mon, 23 Nov 2026 12:00:00 GMT\r\nConnection: keep-alive\r\n"
				     "ETag: \"5f3c1a2b-400\"\r\n%s\r\n";
	size_t body_size = (size_t)(length - filler);
	char *bytes = malloc(sizeof(format) + 256 + body_size);

	if (bytes == NULL)
		return false;
	int n = snprintf(bytes, sizeof(format) + 256, format, status, (unsigned long long)length, extra);
	if (body != NULL)
		memcpy(bytes + n, body, body_size);
	else
		memset(bytes + n, 'k', body_size);
	*a = (struct answer){path, bytes, (size_t)n + body_size, filler};
	return true;
}

static bool lay_out_all(struct origin *o, uint16_t port)
{
	static const uint64_t large = UINT64_C(512) << 20;
	char location[128];

	snprintf(location, sizeof(location), "Location: http://127.0.0.1:%u/post\r\n", port);
	return lay_out(&o->answers[0], "/1k", "200 OK", "Accept-Ranges: bytes\r\n", NULL, 1024, 0) &&
	       lay_out(&o->answers[1], "/large/64k", "200 OK", "Accept-Ranges: bytes\r\n", NULL, 65536, 0) &&
	       lay_out(&o->answers[2], "/large/512m", "200 OK", "Accept-Ranges: bytes\r\n", NULL, large, large) &&
	       lay_out(&o->answers[3], "/post", "200 OK", "", "posted\n", 7, 0) &&
	       lay_out(&o->answers[4], "/redirect", "307 Temporary Redirect", location, NULL, 0, 0);
}

/* --- a connection ---------------------------------------------------------------------------------------------------
 */

static void guest_free(struct guest *g)
{
	*g->before = g->next;
	if (g->next != NULL)
		g->next->before = g->before;
	link_close(&g->link);
	free(g);
}

static bool guest_watch(struct guest *g, int operation, bool wants_write)
{
	struct epoll_event event = {.events = EPOLLIN | (wants_write ? EPOLLOUT : 0U), .data = {.ptr = &g->source}};

	g->wants_write = wants_write;
	return epoll_ctl(g->origin->epoll_fd, operation, g->link.fd, &event) == 0;
}

/* Sends on; false when the connection has failed. */
static bool guest_flush(struct guest *g)
{
	while (g->out_left > 0 || g->filler_left > 0) {
		bool filling = g->out_left == 0;
		size_t size = !filling                       ? g->out_left
			      : g->filler_left < FILLER_SIZE ? (size_t)g->filler_left
							     : FILLER_SIZE;
		ssize_t n = link_send(&g->link, filling ? g->origin->filler : g->out, size);
		if (n < 0 && errno == EAGAIN)
			return g->wants_write || guest_watch(g, EPOLL_CTL_MOD, true);
		if (n < 0)
			return false;
		if (filling) {
			g->filler_left -= (uint64_t)n;
		} else {
			g->out += n;
			g->out_left -= (size_t)n;
		}
	}
	g->answer = NULL;
	return !g->close && (!g->wants_write || guest_watch(g, EPOLL_CTL_MOD, false));
}

static bool guest_answer(struct guest *g)
{
	g->out = g->answer->bytes;
	g->out_left = g->answer->size;
	g->filler_left = g->answer->filler;
	return guest_flush(g);
}

static const char *find_field(const char *head, size_t size, const char *name)
{
	size_t n = strlen(name);

	for (const char *line = head; (line = memchr(line, '\n', (size_t)(head + size - line))) != NULL;) {
		line++;
		if ((size_t)(head + size - line) > n && strncasecmp(line, name, n) == 0)
			return line + n;
	}
	return NULL;
}

/* Reads a whole head, "GET /1k HTTP/1.1" and fields; false when it is not one that the bench sends. */
static bool guest_head(struct guest *g, const char *head, size_t size)
{
	const char *space = memchr(head, ' ', size);
	const char *end = space == NULL ? NULL : memchr(space + 1, ' ', (size_t)(head + size - space - 1));

	if (end == NULL)
		return false;
	const char *path = space + 1;
	if (end - path > 7 && memcmp(path, "http://", 7) == 0) /* HAProxy passes the absolute form on */
		path = memchr(path + 7, '/', (size_t)(end - path) - 7);
	size_t path_size = path == NULL ? 0 : (size_t)(end - path);
	for (size_t i = 0; i < ANSWERS && g->answer == NULL; i++) {
		const struct answer *a = &g->origin->answers[i];
		if (strlen(a->path) == path_size && memcmp(a->path, path, path_size) == 0)
			g->answer = a;
	}
	const char *length = find_field(head, size, "Content-Length:");
	const char *connection = find_field(head, size, "Connection:");
	g->body_left = length != NULL ? strtoull(length, NULL, 10) : 0;
	g->close = connection != NULL && strncasecmp(connection + strspn(connection, " "), "close", 5) == 0;
	return g->answer != NULL && find_field(head, size, "Transfer-Encoding:") == NULL;
}

/* Takes some of the bytes and returns how many; 0 when the connection has failed. */
static size_t guest_take(struct guest *g, const char *bytes, size_t size)
{
	size_t used;

	if (g->skip > 0) {
		used = size < g->skip ? size : g->skip;
		g->skip -= used;
		return used;
	}
	if (g->answer != NULL) {
		used = size < g->body_left ? size : (size_t)g->body_left;
		g->body_left -= used;
		return g->body_left > 0 || guest_answer(g) ? used : 0;
	}
	/* A head: where it lies if it came whole, else gathered. */
	const char *end = g->head_size == 0 ? memmem(bytes, size, "\r\n\r\n", 4) : NULL;
	bool well;
	if (end != NULL) {
		used = (size_t)(end - bytes) + 4;
		well = guest_head(g, bytes, used);
	} else {
		size_t before = g->head_size;
		used = size < HEAD_MAX - before ? size : HEAD_MAX - before;
		memcpy(g->head + before, bytes, used);
		g->head_size += used;
		end = memmem(g->head, g->head_size, "\r\n\r\n", 4);
		if (end == NULL)
			return g->head_size < HEAD_MAX ? used : 0;
		g->head_size = 0;
		used = (size_t)(end - g->head) + 4 - before;
		well = guest_head(g, g->head, before + used);
	}
	return well && (g->body_left > 0 || guest_answer(g)) ? used : 0;
}

static void guest_ready(struct source *source, uint32_t events)
{
	struct guest *g = (struct guest *)source;

	if ((events & EPOLLOUT) != 0 && !guest_flush(g)) {
		guest_free(g);
		return;
	}
	if ((events & (EPOLLIN | EPOLLHUP | EPOLLERR)) == 0)
		return;
	ssize_t n = link_recv(&g->link, g->origin->buffer, READ_SIZE);
	if (n < 0 && errno == EAGAIN)
		return;
	const char *bytes = g->origin->buffer;
	while (n > 0) {
		/* An answer under way means that the next request came too early: nobody pipelines here. */
		bool early = g->answer != NULL && g->body_left == 0;
		size_t used = early ? 0 : guest_take(g, bytes, (size_t)n);
		if (used == 0) {
			g->origin->errors += !g->close;
			break;
		}
		bytes += used;
		n -= (ssize_t)used;
		if (n == 0)
			return;
	}
	guest_free(g);
}

/* --- listening ------------------------------------------------------------------------------------------------------
 */

static void guest_new(struct listener *l, int fd)
{
	struct guest *g = calloc(1, sizeof(*g));
	int one = 1;

	if (g == NULL) {
		close(fd);
		return;
	}
	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
	g->source.ready = guest_ready;
	g->origin = l->origin;
	g->link.fd = fd;
	g->skip = l->opaque ? PREAMBLE_SIZE : 0;
	g->before = &l->origin->guests;
	g->next = l->origin->guests;
	if (g->next != NULL)
		g->next->before = &g->next;
	l->origin->guests = g;
	if ((l->secure != NULL && !link_secure(&g->link, l->secure, false, NULL)) ||
	    !guest_watch(g, EPOLL_CTL_ADD, false))
		guest_free(g);
}

static void listener_ready(struct source *source, uint32_t events)
{
	struct listener *l = (struct listener *)source;
	int fd;

	(void)events;
	while ((fd = accept4(l->fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC)) >= 0)
		guest_new(l, fd);
}

static bool listener_open(struct listener *l, struct origin *o, uint16_t port)
{
	struct sockaddr_in a = {.sin_family = AF_INET, .sin_port = htons(port), .sin_addr = {htonl(INADDR_LOOPBACK)}};
	struct epoll_event event = {.events = EPOLLIN, .data = {.ptr = &l->source}};
	int one = 1;

	l->source.ready = listener_ready;
	l->origin = o;
	l->fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	return l->fd >= 0 && setsockopt(l->fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one)) == 0 &&
	       bind(l->fd, (const struct sockaddr *)&a, sizeof(a)) == 0 && listen(l->fd, 4096) == 0 &&
	       epoll_ctl(o->epoll_fd, EPOLL_CTL_ADD, l->fd, &event) == 0;
}

static bool listen_all(struct origin *o, const struct origin_options *options)
{
	o->listeners[1].opaque = true;
	o->listeners[2].secure = options->secure;
	return listener_open(&o->listeners[0], o, options->port) &&
	       listener_open(&o->listeners[1], o, options->opaque_port) &&
	       (options->secure_port == 0 || listener_open(&o->listeners[2], o, options->secure_port));
}

struct origin *origin_new(int epoll_fd, const struct origin_options *options)
{
	struct origin *o = calloc(1, sizeof(*o));

	if (o == NULL)
		return NULL;
	o->epoll_fd = epoll_fd;
	for (int i = 0; i < LISTENERS; i++)
		o->listeners[i].fd = -1;
	o->buffer = malloc(READ_SIZE);
	o->filler = malloc(FILLER_SIZE);
	if (o->filler != NULL)
		memset(o->filler, 'k', FILLER_SIZE);
	if (o->buffer == NULL || o->filler == NULL || !lay_out_all(o, options->port) || !listen_all(o, options)) {
		int error = errno;
		origin_free(o);
		errno = error;
		return NULL;
	}
	return o;
}

uint64_t origin_errors(const struct origin *o)
{
	return o->errors;
}

void origin_free(struct origin *o)
{
	if (o == NULL)
		return;
	while (o->guests != NULL)
		guest_free(o->guests);
	for (int i = 0; i < LISTENERS; i++) {
		if (o->listeners[i].fd >= 0)
			close(o->listeners[i].fd);
	}
	for (int i = 0; i < ANSWERS; i++)
		free(o->answers[i].bytes);
	free(o->filler);
	free(o->buffer);
	free(o);
}
