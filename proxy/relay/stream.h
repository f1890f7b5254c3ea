/* SPDX-License-Identifier: MIT
 *
 * One end of a connection: a non-blocking socket, what could not be written to it yet, and whether it is being read.
 * It knows no protocol; client, upstream and tunnel own one each and are called when there is something to do.
 *
 * Writes are tried at once and only what the socket does not take is queued; the event for writability exists while
 * there is a queue, so that an idle stream holds one struct event and no buffer. */
#ifndef PROXY_RELAY_STREAM_H
#define PROXY_RELAY_STREAM_H

#include <event2/event.h>
#include <event2/event_struct.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/uio.h>

#include "proxy/tls/tls_io.h"

struct evbuffer;
struct stream;

/* Called by the loop of the worker that owns the stream; each may close the stream. */
struct stream_events {
	void (*readable)(void *owner); /* something can be read: data, end or error */
	void (*drained)(void *owner);  /* the queue is empty again */
	void (*broken)(void *owner);   /* writing the queue failed; what can be read is still to be read */
	void (*secured)(void *owner,
			bool ok); /* the TLS handshake that was under way has ended; NULL: never asked for */
};

#define STREAM_READ_FIRST (64 * 1024)

struct stream {
	int fd; /* -1: not connected yet (writes are queued), or closed */
	const struct stream_events *events;
	void *owner; /* borrowed: the object that this is part of */
	struct event_base *base;
	struct event read_event;
	struct event *write_event; /* owned; exists while `out` does */
	struct evbuffer *out;      /* owned; NULL while nothing is queued */
	uint64_t sent;             /* bytes that the socket has taken */
	uint32_t read_max;         /* how much the next read takes at most: grows while the reader's peer keeps pace */
	bool reading;
	bool end_seen;     /* the peer has sent its last byte */
	bool write_broken; /* the peer takes nothing more */
	bool end_wanted;   /* shut down our side when the queue is empty */
	bool end_sent;
	SSL *tls;      /* owned; NULL: plain */
	bool securing; /* its handshake is under way: writes are queued */
	bool tls_more; /* decrypted bytes may wait that the socket will not tell of */
	bool unclean;  /* the end came without close_notify */
};

/* `fd` may be -1: stream_connected() then gives it later. */
void stream_init(struct stream *s, struct event_base *base, int fd, const struct stream_events *events, void *owner);

/* The connection stands: what was queued is written, reading begins. False when writing failed. */
bool stream_connected(struct stream *s, int fd);

/* Begins TLS over a connected stream, whose owner gives `tls` away. TLS_DONE and TLS_FAILED are final; otherwise
 * `secured` is called when it is known. */
enum tls_result stream_secure(struct stream *s, SSL *tls);
/* Takes TLS away again after a failed handshake; the stream is plain as if it had never been tried. */
void stream_unsecure(struct stream *s);

void stream_read_start(struct stream *s);
void stream_read_stop(struct stream *s);

enum { STREAM_END = 0, STREAM_AGAIN = -1, STREAM_ERROR = -2 };
/* Bytes read (1 or more), or one of the above; errno tells of STREAM_ERROR. */
ssize_t stream_read(struct stream *s, char *to, size_t room);

/* A pipe through which the kernel moves bulk from socket to socket (splice(2)); each worker has one, empty between
 * calls. */
struct stream_pipe {
	int in, out; /* -1: none */
	uint32_t size;
};
bool stream_pipe_open(struct stream_pipe *p);
void stream_pipe_close(struct stream_pipe *p);

/* Moves up to `most` bytes that can be read from `from` to `to`, whose queue must be empty, without bringing them into
 * our memory; what `to` does not take at once is read back into `spare` (of at least p->size bytes) and queued.
 * Bytes moved (1 or more), STREAM_END, STREAM_AGAIN, STREAM_ERROR (of `from`), or STREAM_BROKEN (of `to`). */
enum { STREAM_BROKEN = -3 };
ssize_t stream_splice(struct stream *from, struct stream *to, size_t most, const struct stream_pipe *p, char *spare);

/* Is there so much to read that a splice is worth it, and nothing in its way? Small reads are copied: that costs less.
 */
static inline bool stream_may_splice(const struct stream *from, const struct stream *to)
{
	return from->read_max > STREAM_READ_FIRST && !from->tls && !to->tls && !to->out && !to->write_broken;
}

/* Writes all of it, or queues what does not go. False when the peer is gone (errno says why): nothing is queued then.
 */
bool stream_write(struct stream *s, const struct iovec *parts, int count);

/* Bytes that wait in the queue. */
size_t stream_queued(const struct stream *s);

/* No more will be written: the peer sees the end when the queue is empty. */
void stream_end(struct stream *s);

/* `reset`: the peer sees a broken connection instead of an end. Idempotent. */
void stream_close(struct stream *s, bool reset);

#endif
