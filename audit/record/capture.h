/* SPDX-License-Identifier: MIT
 *
 * The second observer of the relay: whole exchanges, heads and on request content, for the HAR. Where none is wanted no
 * exchange has a capture, and all that it costs is asking for that.
 *
 * Calls about one exchange come from one worker, in the order of the exchange's life. They copy and return: no file is
 * touched, no system call is made but to wake a recorder that sleeps. What was captured is handed to the recorder's
 * thread piece by piece, by a queue that is bounded in bytes. Time is always an argument. */
#ifndef AUDIT_RECORD_CAPTURE_H
#define AUDIT_RECORD_CAPTURE_H

#include <pthread.h>
#include <stdatomic.h>

#include "audit/exchange.h"
#include "audit/list.h"
#include "audit/record/spill.h"

#define CAPTURE_QUEUE_BYTES_DEFAULT ((size_t)64 << 20)
#define CAPTURE_CONTENT_DEFAULT ((uint64_t)1 << 20)

enum capture_side { CAPTURE_REQUEST, CAPTURE_RESPONSE, CAPTURE_SIDES };

/* Moments of an exchange. Those that it does not have (a pooled connection is not made) stay 0. */
enum capture_mark {
	CAPTURE_BEGUN,      /* the request head is here */
	CAPTURE_CONNECTING, /* a connection of its own was begun; the host's name is asked for, if it is one */
	CAPTURE_RESOLVED,   /* ... and an answer has come */
	CAPTURE_CONNECTED,
	CAPTURE_SECURED, /* the TLS handshake with the origin is done */
	CAPTURE_SENT,    /* the request's content is complete */
	CAPTURE_RESPONDED,
	CAPTURE_ENDED,
	CAPTURE_MARKS
};

/* What waits in the queue: a piece of content, or an exchange that has ended. */
struct capture_item {
	struct capture_item *next;
	struct capture *capture;
	enum capture_side side;
	size_t cost;   /* what it takes of the queue's bound */
	bool ended;    /* part of `capture`, whose last item it is */
	size_t length; /* of a piece of content */
	char data[];
};

/* One exchange. Everything but `content` is its worker's until capture_end(), and the recorder's from then on;
 * `content` is the recorder's all the time. The recorder frees it. */
struct capture {
	struct captures *captures; /* borrowed */
	uint64_t exchange;
	uint64_t connection; /* the client's */
	enum audit_path path;
	char *block;              /* owned: all that the request and the three views below point to */
	struct http_head request; /* as the client sent it */
	struct bytes url;         /* the effective request URI, as in audit_request */
	struct bytes tag;
	char *response_block;      /* owned */
	struct http_head response; /* as the origin sent it; status 0 while there is none */
	char server[46];           /* the origin's address, as text; empty where it is not known */
	int64_t marks[CAPTURE_MARKS];
	uint64_t seen[CAPTURE_SIDES]; /* content bytes, transfer coding removed */
	uint64_t kept[CAPTURE_SIDES]; /* ... of which so many were queued */
	bool starved[CAPTURE_SIDES];  /* the queue had no room, so nothing more was kept */
	bool charged;                 /* a queued piece of content points here and pays for it */
	bool lost;                    /* it has ended, and there was no room for it */
	bool request_complete;
	bool delivered;    /* the client was given the whole response */
	int own_status;    /* we answered, with this; 0: we did not */
	const char *error; /* RFC 9209 token, static: what went wrong; NULL: nothing */
	char *detail;      /* owned; one line */

	struct spilled content[CAPTURE_SIDES];
	struct link waiting;      /* the recorder's: among those that wait for the end of their chain */
	struct capture_item *end; /* owned until it is queued; made with the capture, so that it can always end */
};

/* What all workers share. Made and owned by the recorder. */
struct captures {
	size_t bytes_max;        /* const after init, as the two below */
	bool bodies;             /* content is wanted, not heads alone */
	uint64_t content_max;    /* bytes kept of each content */
	void (*wake)(void *arg); /* called without the lock, when the queue was empty */
	void *wake_arg;
	atomic_size_t used;
	atomic_uint_fast64_t lost;     /* exchanges that found no room or no memory */
	atomic_int_fast64_t ticked_us; /* the time of the last capture_tick() */
	atomic_bool waits;             /* the recorder has something that waits for time to pass */

	pthread_mutex_t lock; /* everything below */
	struct capture_item *first;
	struct capture_item *last;
};

/* False when the system has no mutex to give. */
bool captures_init(struct captures *c, size_t bytes_max) NODISCARD;
void captures_free(struct captures *c); /* with what is still in it */

/* Is less than three quarters of the bound used? From any thread. */
bool captures_have_room(struct captures *c);

/* Time passes; call it about four times a second, from any one thread. */
void capture_tick(struct captures *c, int64_t now_us);

/* An exchange begins: what `told` points to is copied. NULL when memory is short, which is counted. */
struct capture *capture_begin(struct captures *c, const struct audit_request *told, uint64_t exchange,
			      int64_t now_us) NODISCARD;

static inline void capture_mark(struct capture *c, enum capture_mark mark, int64_t now_us)
{
	c->marks[mark] = now_us;
}

/* The request's content is complete. */
static inline void capture_sent(struct capture *c, int64_t now_us)
{
	capture_mark(c, CAPTURE_SENT, now_us);
	c->request_complete = true;
}

/* Would capture_content() keep any of it? */
bool capture_wants_content(const struct capture *c);

/* Content as it passes, transfer coding removed; `data` lives until the call returns. */
void capture_content(struct capture *c, enum capture_side side, struct bytes data);

/* The final response's head; `address` is the origin's, as text. */
void capture_response(struct capture *c, const struct http_head *head, const char *address, int64_t now_us);

/* We answer in place of the origin, with `status`; 0: the connection is broken off instead. */
void capture_failed(struct capture *c, int status, const char *error, const char *detail);

/* The exchange is over: `response_bytes` of content came, and the client was given all of it or not. `c` is the
 * recorder's from now on. */
void capture_end(struct capture *c, uint64_t response_bytes, bool delivered, int64_t now_us);

/* For the recorder: all that waits, in order; NULL: nothing. */
struct capture_item *captures_take(struct captures *c);
/* It is done with; the capture of an `ended` one stays. Returns the next. */
struct capture_item *capture_item_free(struct captures *c, struct capture_item *item);
void capture_free(struct capture *c);

#endif
