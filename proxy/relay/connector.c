/* SPDX-License-Identifier: MIT */
#include "proxy/relay/connector.h"

#include <errno.h>
#include <event2/dns.h>
#include <event2/util.h>
#include <netinet/tcp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "proxy/relay/lab_route.h"

#define ADDRESSES_MAX 8

/* evdns says the same of a name server's refusal and of its silence; silence takes at least this long (worker_dns()).
 */
static const int64_t silence_us = 2500 * 1000;

/* One try at one address. */
struct attempt {
	struct connector *connector; /* NULL: not begun */
	struct event *event;         /* owned */
	int fd;                      /* -1: failed */
};

/* Life: resolving (`lookup` set, or `begun` about to fire) -> trying addresses -> done or cancelled; freed when its
 * owner has been told, or has cancelled, and the resolver has let go of it. */
struct connector {
	struct worker *worker;
	connector_cb *done;
	void *arg;
	struct evdns_getaddrinfo_request *lookup; /* libevent's, while a name is being asked for */
	struct event *begun; /* owned: addresses that are known at once are tried from the loop, not from the caller */
	struct deadline stagger;
	struct sockaddr_storage address[ADDRESSES_MAX];
	unsigned address_count, next, running;
	struct attempt attempt[ADDRESSES_MAX];
	enum connect_error error; /* of the last failure that says most */
	char detail[160];
	int64_t asked_us;    /* when the name was asked for */
	int64_t answered_us; /* 0: not asked, or answered at once */
	uint16_t port;
	bool to_lab; /* the redirect lab, which is ours and on loopback */
	bool cancelled;
	bool in_lookup; /* inside evdns_getaddrinfo(), which may call back at once */
	char host[];
};

static void try_next(struct connector *c);

static void close_attempt(struct attempt *a)
{
	if (a->event)
		event_free(a->event);
	a->event = NULL;
	if (a->fd >= 0)
		close(a->fd);
	a->fd = -1;
}

static void free_connector(struct connector *c)
{
	deadline_clear(&c->worker->deadlines, &c->stagger);
	if (c->begun)
		event_free(c->begun);
	for (unsigned i = 0; i < c->next; i++)
		close_attempt(&c->attempt[i]);
	free(c);
}

static void finish(struct connector *c, int fd, enum connect_error error)
{
	c->done(c->arg, fd, error, c->detail);
	free_connector(c);
}

/* Remembers why, unless something more telling is known: that an address was forbidden, then that it refused. */
PRINTF(3, 4) static void note(struct connector *c, enum connect_error error, const char *format, ...)
{
	va_list args;

	if (c->error == CONNECT_OWN || c->error == CONNECT_PRIVATE ||
	    (c->error == CONNECT_REFUSED && error == CONNECT_UNREACHABLE))
		return;
	c->error = error;
	va_start(args, format);
	vsnprintf(c->detail, sizeof(c->detail), format, args);
	va_end(args);
}

static enum connect_error error_of(int number)
{
	switch (number) {
	case ECONNREFUSED:
	case ECONNRESET:
		return CONNECT_REFUSED;
	case ETIMEDOUT:
		return CONNECT_TIMEOUT;
	case EMFILE:
	case ENFILE:
	case ENOBUFS:
	case ENOMEM:
	case EADDRNOTAVAIL:
		return CONNECT_NO_DESCRIPTOR;
	default:
		return CONNECT_UNREACHABLE;
	}
}

static void attempt_failed(struct connector *c, const struct sockaddr *to, int number)
{
	char text[64];

	sockaddr_print(to, text, sizeof(text));
	note(c, error_of(number), "%s: %s", text, strerror(number));
}

static void on_attempt(evutil_socket_t fd, short what, void *arg)
{
	struct attempt *a = arg;
	struct connector *c = a->connector;
	socklen_t length = sizeof(int);
	int problem = 0;

	(void)what;
	worker_now(c->worker);
	if (getsockopt(fd, SOL_SOCKET, SO_ERROR, &problem, &length))
		problem = errno;
	if (problem == 0) {
		event_free(a->event);
		a->event = NULL;
		a->fd = -1;
		finish(c, fd, CONNECT_OK);
		return;
	}
	attempt_failed(c, (struct sockaddr *)&c->address[a - c->attempt], problem);
	close_attempt(a);
	c->running--;
	try_next(c);
}

static int open_socket(const struct sockaddr *to)
{
	const int on = 1;
	int fd = socket(to->sa_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

	if (fd < 0)
		return -1;
	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
	if (connect(fd, to, sockaddr_length(to)) == 0 || errno == EINPROGRESS)
		return fd;
	{
		int saved = errno;

		close(fd);
		errno = saved;
	}
	return -1;
}

/* True when an attempt is under way now. */
static bool begin_attempt(struct connector *c, unsigned i)
{
	const struct sockaddr *to = (struct sockaddr *)&c->address[i];
	struct attempt *a = &c->attempt[i];
	char text[64];

	a->connector = c;
	a->event = NULL;
	a->fd = -1;
	switch (c->to_lab ? ACCESS_OK : access_address(&c->worker->server->access, to)) {
	case ACCESS_OWN:
		sockaddr_print(to, text, sizeof(text));
		note(c, CONNECT_OWN, "%s is this proxy itself", text);
		return false;
	case ACCESS_PRIVATE:
		sockaddr_print(to, text, sizeof(text));
		note(c, CONNECT_PRIVATE, "%s is not a public address (--deny-private)", text);
		return false;
	case ACCESS_OK:
		break;
	}
	a->fd = open_socket(to);
	if (a->fd < 0) {
		attempt_failed(c, to, errno);
		return false;
	}
	a->event = event_new(c->worker->base, a->fd, EV_WRITE, on_attempt, a);
	if (!a->event || event_add(a->event, NULL)) {
		note(c, CONNECT_INTERNAL, "out of memory");
		close_attempt(a);
		return false;
	}
	c->running++;
	return true;
}

static void try_next(struct connector *c)
{
	while (c->next < c->address_count) {
		unsigned i = c->next++;

		if (!begin_attempt(c, i))
			continue;
		if (c->next < c->address_count)
			worker_deadline(c->worker, &c->stagger, DEADLINE_STAGGER);
		return;
	}
	if (c->running == 0)
		finish(c, -1, c->error ? c->error : CONNECT_INTERNAL);
}

static void on_stagger(struct deadline *d)
{
	struct connector *c = (struct connector *)((char *)d - offsetof(struct connector, stagger));

	try_next(c);
}

static void on_begun(evutil_socket_t fd, short what, void *arg)
{
	struct connector *c = arg;

	(void)fd;
	(void)what;
	worker_now(c->worker);
	try_next(c);
}

/* From the loop's next turn on. */
static bool begin_soon(struct connector *c)
{
	c->begun = event_new(c->worker->base, -1, 0, on_begun, c);
	if (!c->begun)
		return false;
	event_active(c->begun, EV_TIMEOUT, 0);
	return true;
}

static void add_address(struct connector *c, const struct sockaddr *sa)
{
	if (c->address_count < ADDRESSES_MAX)
		memcpy(&c->address[c->address_count++], sa, sockaddr_length(sa));
}

/* IPv6 and IPv4 in turn, beginning with what the resolver put first (RFC 8305 §4). */
static void add_interleaved(struct connector *c, const struct evutil_addrinfo *all)
{
	const struct evutil_addrinfo *same = all, *other = all;
	int family = all->ai_family;

	while (c->address_count < ADDRESSES_MAX && (same || other)) {
		while (same && same->ai_family != family)
			same = same->ai_next;
		if (same) {
			add_address(c, same->ai_addr);
			same = same->ai_next;
		}
		while (other && other->ai_family == family)
			other = other->ai_next;
		if (other) {
			add_address(c, other->ai_addr);
			other = other->ai_next;
		}
	}
}

static void note_lookup(struct connector *c, int result)
{
	if (result == EVUTIL_EAI_NONAME || result == EVUTIL_EAI_NODATA)
		note(c, CONNECT_NO_NAME, "the name %s does not exist", c->host);
	else if (c->worker->now_us - c->asked_us >= silence_us)
		note(c, CONNECT_DNS_TIMEOUT, "no name server answered for %s", c->host);
	else
		note(c, CONNECT_NO_NAME, "no name server could say where %s is", c->host);
}

static void on_lookup(int result, struct evutil_addrinfo *found, void *arg)
{
	struct connector *c = arg;

	c->lookup = NULL;
	if (found && !c->cancelled)
		add_interleaved(c, found);
	if (found)
		evutil_freeaddrinfo(found);
	if (c->cancelled) {
		free_connector(c);
		return;
	}
	if (!c->in_lookup)
		c->answered_us = worker_now(c->worker);
	if (c->address_count == 0)
		note_lookup(c, result);
	if (!c->in_lookup) /* else connector_start() goes on */
		try_next(c);
}

/* RFC 6761 §6.3: names under localhost are loopback, whatever a name server says. */
static void add_loopback(struct connector *c)
{
	struct sockaddr_storage to;

	if (sockaddr_literal(BYTES("127.0.0.1"), c->port, &to))
		add_address(c, (struct sockaddr *)&to);
	if (sockaddr_literal(BYTES("[::1]"), c->port, &to))
		add_address(c, (struct sockaddr *)&to);
}

static void begin_lab(struct connector *c)
{
	struct sockaddr_storage to;
	char reason[160];

	c->to_lab = lab_route_to(c->worker->server, c->port, &to, reason, sizeof(reason));
	if (c->to_lab)
		add_address(c, (struct sockaddr *)&to);
	else
		note(c, CONNECT_NO_NAME, "%s", reason);
}

static bool begin_lookup(struct connector *c)
{
	const struct evutil_addrinfo hints = {
	    .ai_family = AF_UNSPEC, .ai_socktype = SOCK_STREAM, .ai_protocol = IPPROTO_TCP};
	struct evdns_base *dns = worker_dns(c->worker);
	struct evdns_getaddrinfo_request *lookup;
	char port[8];

	if (!dns)
		return false;
	snprintf(port, sizeof(port), "%u", c->port);
	c->asked_us = c->worker->now_us;
	c->in_lookup = true;
	lookup = evdns_getaddrinfo(dns, c->host, port, &hints, on_lookup, c);
	c->in_lookup = false;
	if (!lookup)
		return begin_soon(c); /* answered (or failed) already, by the hosts file */
	c->lookup = lookup;
	return true;
}

struct connector *connector_start(struct worker *w, struct bytes host, uint16_t port, connector_cb *done, void *arg)
{
	struct connector *c = calloc(1, sizeof(*c) + host.len + 1);
	struct sockaddr_storage to;
	bool ok;

	if (!c)
		return NULL;
	*c = (struct connector){.worker = w, .done = done, .arg = arg, .port = port, .stagger = {.due = on_stagger}};
	memcpy(c->host, host.ptr, host.len);
	c->host[host.len] = '\0';
	if (access_resolve(&w->server->access, host, port, &to) || sockaddr_literal(host, port, &to)) {
		add_address(c, (struct sockaddr *)&to);
		ok = begin_soon(c);
	} else if (lab_route_serves(host)) {
		begin_lab(c);
		ok = begin_soon(c);
	} else if (sockaddr_is_localhost(host)) {
		add_loopback(c);
		ok = begin_soon(c);
	} else {
		ok = begin_lookup(c);
	}
	if (ok)
		return c;
	free_connector(c);
	return NULL;
}

bool connector_resolving(const struct connector *c)
{
	return c && c->lookup;
}

int64_t connector_answered_us(const struct connector *c)
{
	return c->answered_us;
}

void connector_cancel(struct connector *c)
{
	if (!c)
		return;
	c->cancelled = true;
	if (c->lookup)
		evdns_getaddrinfo_cancel(c->lookup); /* calls on_lookup() later, which frees */
	else
		free_connector(c);
}
