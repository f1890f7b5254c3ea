/* SPDX-License-Identifier: MIT
 *
 * tls/context and tls/tls_io over a pair of sockets, against OpenSSL's plain client and server: what a ClientHello
 * leads to, what a client sees of it, and whom we trust upstream. */
#include "proxy/tls/context.h"

#include <errno.h>
#include <openssl/err.h>
#include <openssl/x509v3.h>
#include <string.h>
#include <sys/socket.h>

#include "proxy/relay/stream.h"
#include "proxy/tls/tls_io.h"
#include "tests/unit/proxy/tls/tls_main.h"

#define ROUNDS_MAX 200

/* Both ends of one connection; `ours` is under test. */
static struct {
	struct config config;
	struct authority *authority;
	struct tls_context context;
	int fd[2]; /* ours, theirs */
	SSL *ours;
	SSL *theirs;
	SSL_CTX *their_context;
	struct hello_judge judge;
	enum hello_verdict verdict;
	unsigned judged;
	char error[512];
} f;

/* How often the socket was asked: takes the place of the C library's. */
static unsigned recv_calls;

ssize_t recv(int fd, void *to, size_t room, int flags)
{
	recv_calls++;
	return recvfrom(fd, to, room, flags, NULL, NULL);
}

static enum hello_verdict on_hello(void *arg, const struct hello *hello, const char **reason)
{
	(void)hello;
	ck_assert_ptr_eq(arg, &f);
	f.judged++;
	*reason = f.verdict == HELLO_PASS ? "told so" : NULL;
	return f.verdict;
}

/* The config may be changed before this. */
static void init(void)
{
	bool ok = tls_context_init(&f.context, &f.config, f.authority, f.error, sizeof(f.error));

	ck_assert_msg(ok, "%s", f.error);
}

static void set_up(void)
{
	make_test_folder();
	memset(&f, 0, sizeof(f));
	config_defaults(&f.config);
	f.authority = authority_new(7, 10, f.error, sizeof(f.error));
	ck_assert_ptr_nonnull(f.authority);
	ck_assert_int_eq(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, f.fd), 0);
}

static void tear_down(void)
{
	SSL_free(f.ours);
	SSL_free(f.theirs);
	SSL_CTX_free(f.their_context);
	tls_context_free(&f.context);
	authority_free(f.authority);
	config_free(&f.config);
	for (int i = 0; i < 2; i++) {
		if (f.fd[i] >= 0)
			close(f.fd[i]);
	}
	remove_test_folder();
}

/* --- ours is the server --- */

static void listen_as_server(void)
{
	init();
	f.verdict = HELLO_INTERCEPT;
	f.judge = (struct hello_judge){.judge = on_hello, .arg = &f, .fallback_host = BYTES("fallback.test")};
	f.ours = tls_new(f.context.server, f.context.bio, f.fd[0], (struct bytes){0}, true);
	ck_assert_ptr_nonnull(f.ours);
	tls_server_begin(&f.context, f.ours, &f.judge);
}

/* A client that trusts the authority and asks for `name`. */
static void connect_client(const char *name, const char *protocols, int newest)
{
	f.their_context = SSL_CTX_new(TLS_client_method());
	X509_STORE_add_cert(SSL_CTX_get_cert_store(f.their_context), authority_certificate(f.authority));
	SSL_CTX_set_verify(f.their_context, SSL_VERIFY_PEER, NULL);
	SSL_CTX_set_max_proto_version(f.their_context, newest);
	SSL_CTX_set_min_proto_version(f.their_context, TLS1_VERSION);
	SSL_CTX_set_security_level(f.their_context, 0);
	f.theirs = SSL_new(f.their_context);
	if (protocols)
		SSL_set_alpn_protos(f.theirs, (const unsigned char *)protocols, (unsigned)strlen(protocols));
	if (name)
		SSL_set_tlsext_host_name(f.theirs, name);
	SSL_set1_host(f.theirs, name ? name : "fallback.test");
	SSL_set_fd(f.theirs, f.fd[1]);
	SSL_set_connect_state(f.theirs);
}

/* Until both are done, or ours has failed; what ours came to. */
static enum tls_result shake_hands(void)
{
	enum tls_result r = TLS_WANT_READ;

	for (int i = 0; i < ROUNDS_MAX; i++) {
		int theirs = SSL_do_handshake(f.theirs);

		ERR_clear_error(); /* of theirs: ours is asked for its own */
		if (r != TLS_DONE)
			r = tls_handshake(f.ours);
		if (r == TLS_FAILED || (r == TLS_DONE && theirs == 1))
			return r;
	}
	ck_abort_msg("the handshake does not end");
	return TLS_FAILED;
}

static void check_nothing_came(void)
{
	char byte;

	ck_assert_int_eq(recv(f.fd[1], &byte, 1, 0), -1);
	ck_assert_int_eq(errno, EAGAIN);
}

START_TEST(a_client_that_trusts_us_is_intercepted)
{
	listen_as_server();
	connect_client("shop.test", "\x02h2\x08http/1.1", TLS1_3_VERSION);
	ck_assert_int_eq(shake_hands(), TLS_DONE);
	ck_assert_uint_eq(f.judged, 1);
	ck_assert_str_eq(f.judge.hello.name, "shop.test");
	ck_assert(f.judge.hello.has_alpn && f.judge.hello.offers_http1);
	ck_assert_int_eq(f.judge.hello.newest, TLS1_3_VERSION);
	ck_assert_str_eq(SSL_get_version(f.theirs), "TLSv1.3");
	{
		const unsigned char *chosen;
		unsigned len;

		SSL_get0_alpn_selected(f.theirs, &chosen, &len);
		ck_assert(bytes_equal(bytes_of((const char *)chosen, len), BYTES("http/1.1")));
	}
	ck_assert_uint_eq(tls_retained(f.ours).len, 0);
}
END_TEST

START_TEST(a_client_without_a_name_gets_the_leaf_of_the_tunnel)
{
	listen_as_server();
	connect_client(NULL, NULL, TLS1_2_VERSION);
	ck_assert_int_eq(shake_hands(), TLS_DONE);
	ck_assert_str_eq(f.judge.hello.name, "");
	ck_assert(!f.judge.hello.has_alpn && f.judge.hello.offers_http1);
	ck_assert_int_eq(f.judge.hello.newest, TLS1_2_VERSION);
	ck_assert_str_eq(SSL_get_version(f.theirs), "TLSv1.2");
}
END_TEST

START_TEST(names_are_taken_in_lower_case)
{
	listen_as_server();
	connect_client("Shop.TEST", NULL, TLS1_3_VERSION);
	ck_assert_int_eq(shake_hands(), TLS_DONE);
	ck_assert_str_eq(f.judge.hello.name, "shop.test");
}
END_TEST

START_TEST(what_a_client_offers_is_seen)
{
	listen_as_server();
	f.verdict = HELLO_PASS;
	connect_client("a.test", "\002h2\003foo", TLS1_1_VERSION);
	ck_assert_int_eq(shake_hands(), TLS_FAILED);
	ck_assert(f.judge.hello.has_alpn && !f.judge.hello.offers_http1);
	ck_assert_int_eq(f.judge.hello.newest, TLS1_1_VERSION);
}
END_TEST

/* What came is there to be passed on, byte for byte, and the client has heard nothing of us. */
START_TEST(a_hello_that_is_passed_on_leaves_no_trace)
{
	char sent[4096];
	ssize_t len;

	listen_as_server();
	f.verdict = HELLO_PASS;
	connect_client("shop.test", NULL, TLS1_3_VERSION);
	ck_assert_int_eq(SSL_do_handshake(f.theirs), -1);
	len = recv(f.fd[0], sent, sizeof(sent), MSG_PEEK);
	ck_assert_int_gt(len, 100);
	ck_assert_int_eq(tls_handshake(f.ours), TLS_FAILED);
	ck_assert_int_eq(f.judge.verdict, HELLO_PASS);
	ck_assert_str_eq(f.judge.reason, "told so");
	ck_assert(bytes_equal(tls_retained(f.ours), bytes_of(sent, (size_t)len)));
	check_nothing_came();
}
END_TEST

START_TEST(what_came_before_and_byte_by_byte_is_read_as_one)
{
	char sent[4096];
	ssize_t len;

	init();
	connect_client("shop.test", NULL, TLS1_3_VERSION);
	ck_assert_int_eq(SSL_do_handshake(f.theirs), -1);
	len = recv(f.fd[0], sent, sizeof(sent), 0);
	ck_assert_int_gt(len, 100);
	f.verdict = HELLO_PASS;
	f.judge = (struct hello_judge){.judge = on_hello, .arg = &f, .fallback_host = BYTES("x.test")};
	f.ours = tls_new(f.context.server, f.context.bio, f.fd[0], bytes_of(sent, 3), true);
	tls_server_begin(&f.context, f.ours, &f.judge);
	for (ssize_t i = 3; i < len; i++) {
		ck_assert_int_eq(tls_handshake(f.ours), TLS_WANT_READ);
		ck_assert_int_eq(send(f.fd[1], sent + i, 1, 0), 1);
	}
	ck_assert_uint_eq(f.judged, 0);
	ck_assert_int_eq(tls_handshake(f.ours), TLS_FAILED);
	ck_assert_uint_eq(f.judged, 1);
	ck_assert(bytes_equal(tls_retained(f.ours), bytes_of(sent, (size_t)len)));
}
END_TEST

static const struct bytes no_tls[] = {
    {"\x16\x03\x01\x00\x05hello", 10},
    {"\x16garbage that is longer than a record's head", 44},
    {"\x16\x03\x01\xff\xff", 5},
};

START_TEST(what_only_looks_like_tls_is_kept_and_not_answered)
{
	listen_as_server();
	ck_assert_int_eq(send(f.fd[1], no_tls[_i].ptr, no_tls[_i].len, 0), (ssize_t)no_tls[_i].len);
	ck_assert_int_eq(tls_handshake(f.ours), TLS_FAILED);
	ck_assert(!f.judge.judged);
	ck_assert(bytes_equal(tls_retained(f.ours), no_tls[_i]));
	check_nothing_came();
}
END_TEST

START_TEST(a_client_that_refuses_our_certificate_says_why)
{
	char text[128];

	listen_as_server();
	connect_client("shop.test", NULL, TLS1_3_VERSION);
	SSL_CTX_set_cert_store(f.their_context, X509_STORE_new());
	ck_assert_int_eq(shake_hands(), TLS_FAILED);
	ck_assert(!tls_peer_left(f.ours));
	tls_error_text(f.ours, text, sizeof(text));
	ck_assert_str_eq(text, "the peer's alert: unknown CA");
}
END_TEST

START_TEST(a_client_that_only_goes_away_is_told_apart)
{
	char text[128];

	listen_as_server();
	connect_client("shop.test", NULL, TLS1_3_VERSION);
	ck_assert_int_eq(SSL_do_handshake(f.theirs), -1);
	ck_assert_int_eq(tls_handshake(f.ours), TLS_WANT_READ);
	shutdown(f.fd[1], SHUT_RDWR);
	ck_assert_int_eq(tls_handshake(f.ours), TLS_FAILED);
	ck_assert(tls_peer_left(f.ours));
	tls_error_text(f.ours, text, sizeof(text));
	ck_assert_str_eq(text, "the peer closed the connection");
}
END_TEST

START_TEST(data_goes_both_ways_and_the_end_is_clean_or_not)
{
	char data[64];
	bool unclean = false;

	listen_as_server();
	connect_client("shop.test", NULL, TLS1_3_VERSION);
	ck_assert_int_eq(shake_hands(), TLS_DONE);
	ck_assert_int_eq(tls_read(f.ours, data, sizeof(data), &unclean), STREAM_AGAIN);
	ck_assert_int_eq(SSL_write(f.theirs, "ping", 4), 4);
	ck_assert_int_eq(SSL_write(f.theirs, "pong", 4), 4);
	ck_assert_int_eq(tls_read(f.ours, data, sizeof(data), &unclean), 8);
	ck_assert_mem_eq(data, "pingpong", 8);
	ck_assert_int_eq(tls_write(f.ours, "answer", 6), 6);
	ck_assert_int_eq(SSL_read(f.theirs, data, sizeof(data)), 6);
	ck_assert_int_eq(SSL_shutdown(f.theirs), 0);
	ck_assert_int_eq(tls_read(f.ours, data, sizeof(data), &unclean), STREAM_END);
	ck_assert(!unclean);
	tls_end(f.ours);
	ck_assert_int_eq(SSL_shutdown(f.theirs), 1);
}
END_TEST

/* Each question costs as much as a read: a socket that gave all it had is not asked again. */
START_TEST(a_record_is_read_with_one_question_to_the_socket)
{
	char data[64];
	bool unclean = false;

	listen_as_server();
	connect_client("shop.test", NULL, TLS1_3_VERSION);
	ck_assert_int_eq(shake_hands(), TLS_DONE);
	ck_assert_int_eq(SSL_write(f.theirs, "ping", 4), 4);
	recv_calls = 0;
	ck_assert_int_eq(tls_read(f.ours, data, sizeof(data), &unclean), 4);
	ck_assert_uint_eq(recv_calls, 1);
	ck_assert_int_eq(tls_read(f.ours, data, sizeof(data), &unclean), STREAM_AGAIN);
}
END_TEST

START_TEST(records_that_wait_are_read_while_there_is_room)
{
	static char sent[40000], got[65536];
	bool unclean = false;

	memset(sent, 'k', sizeof(sent));
	listen_as_server();
	connect_client("shop.test", NULL, TLS1_3_VERSION);
	ck_assert_int_eq(shake_hands(), TLS_DONE);
	ck_assert_int_eq(SSL_write(f.theirs, sent, sizeof(sent)), sizeof(sent));
	ck_assert_int_eq(tls_read(f.ours, got, sizeof(got), &unclean), sizeof(sent));
	ck_assert_mem_eq(got, sent, sizeof(sent));
}
END_TEST

/* The socket will not tell of it. */
START_TEST(an_end_that_comes_with_the_last_bytes_waits_to_be_read)
{
	char data[64];
	bool unclean = false;

	listen_as_server();
	connect_client("shop.test", NULL, TLS1_3_VERSION);
	ck_assert_int_eq(shake_hands(), TLS_DONE);
	ck_assert_int_eq(SSL_write(f.theirs, "last", 4), 4);
	ck_assert_int_eq(SSL_shutdown(f.theirs), 0);
	ck_assert(!tls_has_pending(f.ours));
	ck_assert_int_eq(tls_read(f.ours, data, sizeof(data), &unclean), 4);
	ck_assert(tls_has_pending(f.ours));
	ck_assert_int_eq(tls_read(f.ours, data, sizeof(data), &unclean), STREAM_END);
	ck_assert(!unclean);
}
END_TEST

START_TEST(a_broken_record_behind_the_last_bytes_waits_to_be_read)
{
	char data[64];
	bool unclean = false;

	listen_as_server();
	connect_client("shop.test", NULL, TLS1_3_VERSION);
	ck_assert_int_eq(shake_hands(), TLS_DONE);
	ck_assert_int_eq(SSL_write(f.theirs, "last", 4), 4);
	ck_assert_int_eq(send(f.fd[1], "\x17\x03\x03\x00\x12nonsense--nonsense", 23, 0), 23);
	ck_assert_int_eq(tls_read(f.ours, data, sizeof(data), &unclean), 4);
	ck_assert(tls_has_pending(f.ours));
	ck_assert_int_eq(tls_read(f.ours, data, sizeof(data), &unclean), STREAM_ERROR);
}
END_TEST

START_TEST(an_end_without_close_notify_is_unclean)
{
	char data[64];
	bool unclean = false;

	listen_as_server();
	connect_client("shop.test", NULL, TLS1_3_VERSION);
	ck_assert_int_eq(shake_hands(), TLS_DONE);
	ck_assert_int_eq(SSL_write(f.theirs, "last", 4), 4);
	shutdown(f.fd[1], SHUT_RDWR);
	ck_assert_int_eq(tls_read(f.ours, data, sizeof(data), &unclean), 4);
	ck_assert_int_eq(tls_read(f.ours, data, sizeof(data), &unclean), STREAM_END);
	ck_assert(unclean);
}
END_TEST

static void check_cipher(const char *ciphers, int version, const char *expected)
{
	f.config.tls_ciphers = config_string(ciphers);
	listen_as_server();
	connect_client("shop.test", NULL, version);
	ck_assert_int_eq(shake_hands(), TLS_DONE);
	ck_assert_str_eq(SSL_get_cipher_name(f.theirs), expected);
}

static const struct {
	const char *ciphers;
	int version;
	const char *chosen;
} cipher_cases[] = {
    {"ECDHE-ECDSA-AES128-GCM-SHA256", TLS1_2_VERSION, "ECDHE-ECDSA-AES128-GCM-SHA256"},
    {"ECDHE-ECDSA-AES128-GCM-SHA256", TLS1_3_VERSION, "TLS_AES_256_GCM_SHA384"},
    {"TLS_CHACHA20_POLY1305_SHA256", TLS1_3_VERSION, "TLS_CHACHA20_POLY1305_SHA256"},
    {"TLS_CHACHA20_POLY1305_SHA256", TLS1_2_VERSION, "ECDHE-ECDSA-AES256-GCM-SHA384"},
    {"ECDHE-ECDSA-AES128-GCM-SHA256:TLS_AES_128_GCM_SHA256", TLS1_2_VERSION, "ECDHE-ECDSA-AES128-GCM-SHA256"},
    {"ECDHE-ECDSA-AES128-GCM-SHA256:TLS_AES_128_GCM_SHA256", TLS1_3_VERSION, "TLS_AES_128_GCM_SHA256"},
    {"TLS_AES_128_GCM_SHA256:!aNULL:ECDHE-ECDSA-AES128-GCM-SHA256", TLS1_2_VERSION, "ECDHE-ECDSA-AES128-GCM-SHA256"},
};

/* What one version was given does not take the other its own. */
START_TEST(ciphers_are_those_of_either_version)
{
	check_cipher(cipher_cases[_i].ciphers, cipher_cases[_i].version, cipher_cases[_i].chosen);
}
END_TEST

/* --- ours is the client --- */

/* An origin that shows the authority's leaf for "origin.test". */
static void listen_as_origin(void)
{
	X509 *leaf = authority_leaf(f.authority, BYTES("origin.test"));

	f.their_context = SSL_CTX_new(TLS_server_method());
	SSL_CTX_use_certificate(f.their_context, leaf);
	SSL_CTX_use_PrivateKey(f.their_context, authority_leaf_key(f.authority));
	X509_free(leaf);
	f.theirs = SSL_new(f.their_context);
	SSL_set_fd(f.theirs, f.fd[1]);
	SSL_set_accept_state(f.theirs);
}

static void trust_authority(void)
{
	const char *path = in_folder("root.pem");
	FILE *file = fopen(path, "w");

	fputs(authority_pem(f.authority), file);
	fclose(file);
	string_list_add(&f.config.upstream_ca, path);
}

static enum tls_result connect_to(const char *host, bool insecure, SSL_SESSION *session)
{
	f.ours = tls_new(f.context.client, f.context.bio, f.fd[0], (struct bytes){0}, false);
	ck_assert_ptr_nonnull(f.ours);
	ck_assert(tls_client_begin(&f.context, f.ours, host, insecure, session));
	return shake_hands();
}

static void check_refused(const char *host, const char *why)
{
	char text[128];

	listen_as_origin();
	ck_assert_int_eq(connect_to(host, false, NULL), TLS_FAILED);
	tls_error_text(f.ours, text, sizeof(text));
	ck_assert_str_eq(text, why);
}

START_TEST(an_origin_of_an_unknown_authority_is_refused_with_the_reason)
{
	init();
	check_refused("origin.test", "unable to get local issuer certificate");
}
END_TEST

START_TEST(an_origin_of_another_name_is_refused_with_the_reason)
{
	trust_authority();
	init();
	check_refused("other.test", "hostname mismatch");
}
END_TEST

START_TEST(an_address_is_compared_as_an_address)
{
	trust_authority();
	init();
	check_refused("192.0.2.7", "IP address mismatch");
	ck_assert_ptr_null(SSL_get_servername(f.theirs, TLSEXT_NAMETYPE_host_name));
}
END_TEST

START_TEST(an_origin_that_upstream_ca_vouches_for_is_accepted)
{
	trust_authority();
	init();
	listen_as_origin();
	ck_assert_int_eq(connect_to("origin.test", false, NULL), TLS_DONE);
	ck_assert_str_eq(SSL_get_servername(f.theirs, TLSEXT_NAMETYPE_host_name), "origin.test");
}
END_TEST

START_TEST(an_insecure_origin_is_not_verified)
{
	init();
	listen_as_origin();
	ck_assert_int_eq(connect_to("other.test", true, NULL), TLS_DONE);
}
END_TEST

static int keep_session(SSL *tls, SSL_SESSION *session)
{
	SSL_SESSION **kept = SSL_get_app_data(tls);

	SSL_SESSION_free(*kept);
	*kept = session;
	return 1;
}

START_TEST(a_session_of_before_is_resumed)
{
	SSL_SESSION *kept = NULL;
	char data[8];
	bool unclean;

	trust_authority();
	init();
	SSL_CTX_sess_set_new_cb(f.context.client, keep_session);
	listen_as_origin();
	f.ours = tls_new(f.context.client, f.context.bio, f.fd[0], (struct bytes){0}, false);
	SSL_set_app_data(f.ours, &kept);
	ck_assert(tls_client_begin(&f.context, f.ours, "origin.test", false, NULL));
	ck_assert_int_eq(shake_hands(), TLS_DONE);
	ck_assert_int_eq(tls_read(f.ours, data, sizeof(data), &unclean), STREAM_AGAIN); /* takes the tickets */
	ck_assert_ptr_nonnull(kept);
	SSL_set_app_data(f.ours, NULL);
	SSL_CTX_sess_set_new_cb(f.context.client, NULL);
	SSL_shutdown(f.ours);
	SSL_free(f.ours);
	SSL_free(f.theirs);
	for (int i = 0; i < 2; i++)
		close(f.fd[i]);
	ck_assert_int_eq(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, f.fd), 0);
	f.theirs = SSL_new(f.their_context);
	SSL_set_fd(f.theirs, f.fd[1]);
	SSL_set_accept_state(f.theirs);
	ck_assert_int_eq(connect_to("origin.test", false, kept), TLS_DONE);
	ck_assert(SSL_session_reused(f.ours));
	SSL_SESSION_free(kept);
}
END_TEST

/* --- options --- */

static void refuse_config(const char *expected)
{
	ck_assert(!tls_context_init(&f.context, &f.config, f.authority, f.error, sizeof(f.error)));
	ck_assert_msg(strstr(f.error, expected) != NULL, "'%s' does not hold '%s'", f.error, expected);
}

START_TEST(an_option_that_openssl_does_not_take_is_named)
{
	f.config.tls_ciphers = config_string("NOTHING");
	refuse_config("--tls-ciphers NOTHING: no cipher match");
	tls_context_free(&f.context);
	free(f.config.tls_ciphers);
	f.config.tls_ciphers = config_string("TLS_NOTHING:ECDHE-ECDSA-AES128-GCM-SHA256");
	refuse_config("--tls-ciphers TLS_NOTHING:ECDHE-ECDSA-AES128-GCM-SHA256: no cipher match");
	tls_context_free(&f.context);
	free(f.config.tls_ciphers);
	f.config.tls_ciphers = NULL;
	f.config.tls_curves = config_string("square");
	refuse_config("--tls-curves square: ");
	tls_context_free(&f.context);
	free(f.config.tls_curves);
	f.config.tls_curves = NULL;
	string_list_add(&f.config.upstream_ca, "/nonexistent.pem");
	refuse_config("--upstream-ca /nonexistent.pem: ");
}
END_TEST

START_TEST(the_oldest_version_holds_for_clients)
{
	f.config.tls_min = TLS1_3_VERSION;
	listen_as_server();
	connect_client("shop.test", NULL, TLS1_2_VERSION);
	ck_assert_int_eq(shake_hands(), TLS_FAILED);
	ck_assert_int_eq(f.judge.hello.newest, TLS1_2_VERSION);
}
END_TEST

START_TEST(secrets_are_written_where_sslkeylogfile_says)
{
	char text[512] = "";
	FILE *file;

	setenv("SSLKEYLOGFILE", in_folder("keys"), 1);
	listen_as_server();
	connect_client("shop.test", NULL, TLS1_3_VERSION);
	ck_assert_int_eq(shake_hands(), TLS_DONE);
	file = fopen(in_folder("keys"), "r");
	ck_assert_ptr_nonnull(file);
	ck_assert_ptr_nonnull(fgets(text, sizeof(text), file));
	fclose(file);
	ck_assert_ptr_nonnull(strstr(text, "_TRAFFIC_SECRET"));
}
END_TEST

START_TEST(a_file_of_secrets_that_can_not_be_opened_is_named)
{
	setenv("SSLKEYLOGFILE", "/nonexistent/keys", 1);
	refuse_config("SSLKEYLOGFILE /nonexistent/keys: No such file");
}
END_TEST

int main(void)
{
	const TTest *const tests[] = {
	    a_client_that_trusts_us_is_intercepted,
	    a_client_without_a_name_gets_the_leaf_of_the_tunnel,
	    names_are_taken_in_lower_case,
	    what_a_client_offers_is_seen,
	    a_hello_that_is_passed_on_leaves_no_trace,
	    what_came_before_and_byte_by_byte_is_read_as_one,
	    a_client_that_refuses_our_certificate_says_why,
	    a_client_that_only_goes_away_is_told_apart,
	    data_goes_both_ways_and_the_end_is_clean_or_not,
	    an_end_without_close_notify_is_unclean,
	    a_record_is_read_with_one_question_to_the_socket,
	    records_that_wait_are_read_while_there_is_room,
	    an_end_that_comes_with_the_last_bytes_waits_to_be_read,
	    a_broken_record_behind_the_last_bytes_waits_to_be_read,
	    an_origin_of_an_unknown_authority_is_refused_with_the_reason,
	    an_origin_of_another_name_is_refused_with_the_reason,
	    an_address_is_compared_as_an_address,
	    an_origin_that_upstream_ca_vouches_for_is_accepted,
	    an_insecure_origin_is_not_verified,
	    a_session_of_before_is_resumed,
	    an_option_that_openssl_does_not_take_is_named,
	    the_oldest_version_holds_for_clients,
	    secrets_are_written_where_sslkeylogfile_says,
	    a_file_of_secrets_that_can_not_be_opened_is_named,
	};
	Suite *s = suite_create("context");
	TCase *t = tcase_create("context");
	SRunner *sr = srunner_create(s);
	int failed;

	tcase_set_timeout(t, 30);
	tcase_add_checked_fixture(t, set_up, tear_down);
	for (size_t i = 0; i < sizeof(tests) / sizeof(tests[0]); i++)
		tcase_add_test(t, tests[i]);
	tcase_add_loop_test(t, ciphers_are_those_of_either_version, 0, sizeof(cipher_cases) / sizeof(cipher_cases[0]));
	tcase_add_loop_test(t, what_only_looks_like_tls_is_kept_and_not_answered, 0,
			    sizeof(no_tls) / sizeof(no_tls[0]));
	suite_add_tcase(s, t);
	srunner_run_all(sr, CK_NORMAL);
	failed = srunner_ntests_failed(sr);
	srunner_free(sr);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
