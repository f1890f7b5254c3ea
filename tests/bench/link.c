/* SPDX-License-Identifier: MIT
 *
 * OpenSSL's results in the terms of recv(2) and send(2). */
#include "tests/bench/link.h"

#include <arpa/inet.h>
#include <errno.h>
#include <openssl/err.h>
#include <sys/socket.h>
#include <unistd.h>

enum { RECORD_MAX = 16384 };

SSL_CTX *link_context(const char *file)
{
	static const unsigned char http1[] = "\x08http/1.1";
	SSL_CTX *context = SSL_CTX_new(file != NULL ? TLS_server_method() : TLS_client_method());
	bool well = context != NULL;

	if (well && file != NULL)
		well = SSL_CTX_use_certificate_chain_file(context, file) == 1 &&
		       SSL_CTX_use_PrivateKey_file(context, file, SSL_FILETYPE_PEM) == 1;
	else if (well)
		well = SSL_CTX_set_alpn_protos(context, http1, sizeof(http1) - 1) == 0;
	if (!well) {
		ERR_print_errors_fp(stderr);
		SSL_CTX_free(context);
		return NULL;
	}
	SSL_CTX_set_mode(context, SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER |
				      SSL_MODE_RELEASE_BUFFERS);
	/* A peer that closes without close_notify is no error here: every answer has a length. */
	SSL_CTX_set_options(context, SSL_OP_IGNORE_UNEXPECTED_EOF);
	return context;
}

static bool is_address(const char *name)
{
	struct in6_addr address;

	return inet_pton(AF_INET, name, &address) == 1 || inet_pton(AF_INET6, name, &address) == 1;
}

bool link_secure(struct link *l, SSL_CTX *context, bool client, const char *name)
{
	l->tls = SSL_new(context);
	if (l->tls == NULL || SSL_set_fd(l->tls, l->fd) != 1)
		return false;
	if (!client)
		SSL_set_accept_state(l->tls);
	else
		SSL_set_connect_state(l->tls);
	return !client || is_address(name) || SSL_set_tlsext_host_name(l->tls, name) == 1;
}

/* Turns a failed operation's result into errno. 0 for the end, else -1. */
static ssize_t failed(const struct link *l, int result)
{
	int system_error = errno;

	switch (SSL_get_error(l->tls, result)) {
	case SSL_ERROR_WANT_READ:
	case SSL_ERROR_WANT_WRITE:
		errno = EAGAIN;
		return -1;
	case SSL_ERROR_ZERO_RETURN:
		return 0;
	case SSL_ERROR_SYSCALL:
		errno = system_error != 0 ? system_error : ECONNRESET;
		return -1;
	default:
		errno = EPROTO;
		return -1;
	}
}

ssize_t link_recv(struct link *l, char *to, size_t room)
{
	size_t total = 0, n;

	if (l->tls == NULL)
		return recv(l->fd, to, room, 0);
	ERR_clear_error();
	while (room - total >= RECORD_MAX) {
		errno = 0;
		int result = SSL_read_ex(l->tls, to + total, room - total, &n);
		if (result != 1 && total == 0)
			return failed(l, result);
		if (result != 1)
			break;
		total += n;
	}
	return (ssize_t)total;
}

ssize_t link_send(struct link *l, const char *from, size_t size)
{
	size_t n;

	if (l->tls == NULL)
		return send(l->fd, from, size, MSG_NOSIGNAL);
	ERR_clear_error();
	errno = 0;
	int result = SSL_write_ex(l->tls, from, size, &n);
	if (result == 1)
		return (ssize_t)n;
	if (failed(l, result) == 0)
		errno = EPIPE;
	return -1;
}

bool link_wants_write(const struct link *l)
{
	return l->tls == NULL || SSL_want_write(l->tls);
}

void link_close(struct link *l)
{
	if (l->tls != NULL && SSL_is_init_finished(l->tls)) {
		ERR_clear_error();
		SSL_shutdown(l->tls);
	}
	SSL_free(l->tls);
	l->tls = NULL;
	if (l->fd >= 0)
		close(l->fd);
	l->fd = -1;
}
