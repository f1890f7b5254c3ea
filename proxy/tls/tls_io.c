/* SPDX-License-Identifier: MIT */
#include "proxy/tls/tls_io.h"

#include <errno.h>
#include <openssl/err.h>
#include <openssl/x509_vfy.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "proxy/relay/stream.h"

/* The BIO's state. `kept[0, kept_len)` are bytes from the peer; OpenSSL has been given those before `given`. */
struct tls_io {
	int fd;      /* borrowed */
	bool retain; /* and what is to be sent is dropped */
	bool over;   /* an end or an error came behind the bytes that were read last */
	bool dry;    /* the socket gave less than it was asked for */
	char *kept;  /* owned */
	size_t kept_len, given;
};

static struct tls_io *io_of(const SSL *tls)
{
	return BIO_get_data(SSL_get_rbio(tls));
}

static void forget(struct tls_io *io)
{
	free(io->kept);
	io->kept = NULL;
	io->kept_len = io->given = 0;
}

static bool keep(struct tls_io *io, const char *data, size_t len)
{
	char *more = realloc(io->kept, io->kept_len + len);

	if (!more)
		return false;
	memcpy(more + io->kept_len, data, len);
	io->kept = more;
	io->kept_len += len;
	return true;
}

static int give_kept(struct tls_io *io, char *to, int room)
{
	size_t n = io->kept_len - io->given;

	if (n > (size_t)room)
		n = (size_t)room;
	memcpy(to, io->kept + io->given, n);
	io->given += n;
	if (!io->retain && io->given == io->kept_len)
		forget(io);
	return (int)n;
}

static int bio_read(BIO *bio, char *to, int room)
{
	struct tls_io *io = BIO_get_data(bio);
	ssize_t n;

	BIO_clear_retry_flags(bio);
	if (io->given < io->kept_len)
		return give_kept(io, to, room);
	do
		n = recv(io->fd, to, (size_t)room, 0);
	while (n < 0 && errno == EINTR);
	io->dry = n < room;
	if (n < 0 && (errno == EAGAIN || errno == EWOULDBLOCK))
		BIO_set_retry_read(bio);
	if (n > 0 && io->retain) {
		if (!keep(io, to, (size_t)n))
			return -1;
		io->given = io->kept_len;
	}
	if (n == 0)
		BIO_set_flags(bio, BIO_FLAGS_IN_EOF);
	return (int)n;
}

static int bio_write(BIO *bio, const char *data, int len)
{
	struct tls_io *io = BIO_get_data(bio);
	ssize_t n;

	BIO_clear_retry_flags(bio);
	if (io->retain)
		return len;
	do
		n = send(io->fd, data, (size_t)len, MSG_NOSIGNAL);
	while (n < 0 && errno == EINTR);
	if (n < 0 && (errno == EAGAIN || errno == EWOULDBLOCK))
		BIO_set_retry_write(bio);
	return (int)n;
}

static long bio_ctrl(BIO *bio, int command, long number, void *pointer)
{
	(void)number;
	(void)pointer;
	if (command == BIO_CTRL_EOF)
		return BIO_test_flags(bio, BIO_FLAGS_IN_EOF) != 0;
	return command == BIO_CTRL_FLUSH;
}

static int bio_destroy(BIO *bio)
{
	struct tls_io *io = BIO_get_data(bio);

	if (io)
		forget(io);
	free(io);
	return 1;
}

BIO_METHOD *tls_bio_method(void)
{
	BIO_METHOD *method = BIO_meth_new(BIO_get_new_index() | BIO_TYPE_SOURCE_SINK | BIO_TYPE_DESCRIPTOR, "hopaudit");
	if (method) {
		BIO_meth_set_read(method, bio_read);
		BIO_meth_set_write(method, bio_write);
		BIO_meth_set_ctrl(method, bio_ctrl);
		BIO_meth_set_destroy(method, bio_destroy);
	}
	return method;
}

static BIO *new_bio(const BIO_METHOD *method, int fd, struct bytes first, bool retain)
{
	struct tls_io *io = calloc(1, sizeof(*io));
	BIO *bio = BIO_new(method);

	if (!io || !bio || (first.len > 0 && !keep(io, first.ptr, first.len))) {
		free(io);
		BIO_free(bio);
		return NULL;
	}
	io->fd = fd;
	io->retain = retain;
	BIO_set_data(bio, io);
	BIO_set_init(bio, 1);
	return bio;
}

SSL *tls_new(SSL_CTX *context, const BIO_METHOD *method, int fd, struct bytes first, bool retain)
{
	SSL *tls = SSL_new(context);
	BIO *bio = tls ? new_bio(method, fd, first, retain) : NULL;

	if (!bio) {
		SSL_free(tls);
		return NULL;
	}
	SSL_set_bio(tls, bio, bio);
	return tls;
}

struct bytes tls_retained(const SSL *tls)
{
	const struct tls_io *io = io_of(tls);

	return bytes_of(io->kept, io->kept_len);
}

void tls_release(SSL *tls)
{
	struct tls_io *io = io_of(tls);

	io->retain = false;
	if (io->given == io->kept_len)
		forget(io);
}

enum tls_result tls_handshake(SSL *tls)
{
	int r;

	ERR_clear_error();
	r = SSL_do_handshake(tls);
	if (r == 1)
		return TLS_DONE;
	switch (SSL_get_error(tls, r)) {
	case SSL_ERROR_WANT_READ:
		return TLS_WANT_READ;
	case SSL_ERROR_WANT_WRITE:
		return TLS_WANT_WRITE;
	default:
		return TLS_FAILED;
	}
}

static bool is_unclean_end(const SSL *tls, int why)
{
	if (why == SSL_ERROR_SSL)
		return ERR_GET_REASON(ERR_peek_error()) == SSL_R_UNEXPECTED_EOF_WHILE_READING;
	return why == SSL_ERROR_SYSCALL && BIO_test_flags(SSL_get_rbio(tls), BIO_FLAGS_IN_EOF);
}

ssize_t tls_read(SSL *tls, char *to, size_t room, bool *unclean)
{
	size_t total = 0, n;
	int r, why;

	ERR_clear_error();
	while (total < room) {
		r = SSL_read_ex(tls, to + total, room - total, &n);
		if (r == 1) {
			total += n;
			/* Asking the socket for what it has not got would cost as much as the read itself. */
			if (io_of(tls)->dry && !SSL_has_pending(tls))
				break;
			continue;
		}
		why = SSL_get_error(tls, r);
		if (why == SSL_ERROR_WANT_READ || why == SSL_ERROR_WANT_WRITE)
			break;
		if (total > 0) {
			io_of(tls)->over = true; /* it shows again at the next read */
			break;
		}
		if (why == SSL_ERROR_ZERO_RETURN)
			return STREAM_END;
		*unclean = is_unclean_end(tls, why);
		ERR_clear_error();
		return *unclean ? STREAM_END : STREAM_ERROR;
	}
	return total > 0 ? (ssize_t)total : STREAM_AGAIN;
}

bool tls_is_over(const SSL *tls)
{
	return io_of(tls)->over;
}

bool tls_has_pending(const SSL *tls)
{
	return tls_is_over(tls) || SSL_has_pending(tls);
}

ssize_t tls_write(SSL *tls, const char *data, size_t len)
{
	size_t n;
	int r;

	ERR_clear_error();
	r = SSL_write_ex(tls, data, len, &n);
	if (r == 1)
		return (ssize_t)n;
	switch (SSL_get_error(tls, r)) {
	case SSL_ERROR_WANT_WRITE:
	case SSL_ERROR_WANT_READ:
		return 0;
	default:
		ERR_clear_error();
		errno = EPIPE;
		return -1;
	}
}

void tls_end(SSL *tls)
{
	ERR_clear_error();
	if (SSL_is_init_finished(tls) && !(SSL_get_shutdown(tls) & SSL_SENT_SHUTDOWN))
		SSL_shutdown(tls);
	ERR_clear_error();
}

bool tls_peer_left(const SSL *tls)
{
	unsigned long code = ERR_peek_error();

	return code ? ERR_GET_REASON(code) == SSL_R_UNEXPECTED_EOF_WHILE_READING
		    : BIO_test_flags(SSL_get_rbio(tls), BIO_FLAGS_IN_EOF) || errno == ECONNRESET || errno == EPIPE;
}

/* OpenSSL adds this to the number of an alert that came. */
static int alert_of(unsigned long code)
{
	int reason = ERR_GET_REASON(code);

	return ERR_GET_LIB(code) == ERR_LIB_SSL && reason >= SSL_AD_REASON_OFFSET ? reason - SSL_AD_REASON_OFFSET : -1;
}

void tls_error_text(const SSL *tls, char *out, size_t size)
{
	unsigned long code = ERR_peek_error();
	long verified = SSL_get_verify_result(tls);
	const char *reason = code ? ERR_reason_error_string(code) : NULL;

	if (verified != X509_V_OK && ERR_GET_REASON(code) == SSL_R_CERTIFICATE_VERIFY_FAILED)
		snprintf(out, size, "%s", X509_verify_cert_error_string(verified));
	else if (alert_of(code) >= 0)
		snprintf(out, size, "the peer's alert: %s", SSL_alert_desc_string_long(alert_of(code)));
	else if (reason && !tls_peer_left(tls))
		snprintf(out, size, "%s", reason);
	else if (BIO_test_flags(SSL_get_rbio(tls), BIO_FLAGS_IN_EOF))
		snprintf(out, size, "the peer closed the connection");
	else
		snprintf(out, size, "%s", errno ? strerror(errno) : "unknown error");
	ERR_clear_error();
}
