/* SPDX-License-Identifier: MIT
 *
 * The local authority: its files, and the leaves that it issues, judged by OpenSSL's own verification. */
#include "proxy/tls/authority.h"

#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>

#include "tests/unit/proxy/tls/tls_main.h"

#define DAY (24 * 3600)

static char error[512];

static struct authority *fresh(unsigned days, size_t leaves_max)
{
	struct authority *a = authority_new(days, leaves_max, error, sizeof(error));

	ck_assert_msg(a != NULL, "%s", error);
	return a;
}

static struct authority *load(void)
{
	struct authority *a =
	    authority_load(in_folder("etc/ca.pem"), in_folder("etc/ca.key"), 10, error, sizeof(error));

	ck_assert_msg(a != NULL, "%s", error);
	return a;
}

static void refuse(const char *cert, const char *key, const char *expected)
{
	struct authority *a = authority_load(cert, key, 10, error, sizeof(error));

	ck_assert_msg(a == NULL, "accepted");
	ck_assert_msg(strstr(error, expected) != NULL, "'%s' does not hold '%s'", error, expected);
}

static X509 *leaf(struct authority *a, const char *host)
{
	X509 *x = authority_leaf(a, bytes_str(host));

	ck_assert_msg(x != NULL, "no leaf for %s", host);
	return x;
}

/* As a client does: the chain, the purpose, the host. */
static int verify(const struct authority *a, X509 *x, const char *host, bool address, time_t when)
{
	X509_STORE *roots = X509_STORE_new();
	X509_STORE_CTX *context = X509_STORE_CTX_new();
	X509_VERIFY_PARAM *parameters;
	int result = X509_V_OK;

	X509_STORE_add_cert(roots, authority_certificate(a));
	ck_assert_int_eq(X509_STORE_CTX_init(context, roots, x, NULL), 1);
	parameters = X509_STORE_CTX_get0_param(context);
	X509_VERIFY_PARAM_set_purpose(parameters, X509_PURPOSE_SSL_SERVER);
	X509_VERIFY_PARAM_set_flags(parameters, X509_V_FLAG_X509_STRICT);
	X509_VERIFY_PARAM_set_time(parameters, when);
	if (address)
		ck_assert_int_eq(X509_VERIFY_PARAM_set1_ip_asc(parameters, host), 1);
	else
		ck_assert_int_eq(X509_VERIFY_PARAM_set1_host(parameters, host, 0), 1);
	if (X509_verify_cert(context) != 1)
		result = X509_STORE_CTX_get_error(context);
	X509_STORE_CTX_free(context);
	X509_STORE_free(roots);
	return result;
}

static void check_leaf(struct authority *a, const char *asked, const char *host, bool address)
{
	X509 *x = leaf(a, asked);
	int result = verify(a, x, host, address, time(NULL));

	ck_assert_msg(result == X509_V_OK, "%s: %s", asked, X509_verify_cert_error_string(result));
	result = verify(a, x, address ? "192.0.2.99" : "other.test", address, time(NULL));
	ck_assert_int_eq(result, address ? X509_V_ERR_IP_ADDRESS_MISMATCH : X509_V_ERR_HOSTNAME_MISMATCH);
	X509_free(x);
}

/* --- leaves --- */

START_TEST(a_client_that_trusts_the_authority_accepts_its_leaves)
{
	struct authority *a = fresh(7, 10);

	check_leaf(a, "shop.test", "shop.test", false);
	check_leaf(a, "SHOP.Test", "shop.test", false);
	check_leaf(a, "under_score.test", "under_score.test", false);
	check_leaf(a, "xn--bcher-kva.test", "xn--bcher-kva.test", false);
	check_leaf(a, "192.0.2.7", "192.0.2.7", true);
	check_leaf(a, "2001:db8::7", "2001:db8::7", true);
	check_leaf(a, "[2001:db8::7]", "2001:db8::7", true);
	authority_free(a);
}
END_TEST

/* A common name is 64 characters at most; the SAN has all. */
START_TEST(a_long_name_gets_a_leaf_too)
{
	struct authority *a = fresh(7, 10);
	char host[200];

	memset(host, 'a', 190);
	for (size_t i = 40; i < 190; i += 40)
		host[i] = '.';
	strcpy(host + 190, ".test");
	check_leaf(a, host, host, false);
	authority_free(a);
}
END_TEST

START_TEST(what_is_no_host_gets_none)
{
	static const char *const hosts[] = {"",    "a b", "*.test", "a,DNS:evil.test", "a\nb",
					    "a/b", "[]",  "[",      "h\xc3\xa4.test"};
	struct authority *a = fresh(7, 10);
	char host[300];

	for (size_t i = 0; i < sizeof(hosts) / sizeof(hosts[0]); i++)
		ck_assert_msg(authority_leaf(a, bytes_str(hosts[i])) == NULL, "'%s'", hosts[i]);
	memset(host, 'a', sizeof(host));
	ck_assert_ptr_null(authority_leaf(a, bytes_of(host, 256)));
	ck_assert_ptr_null(authority_leaf(a, bytes_of("a\0.test", 7)));
	ck_assert_uint_eq(authority_issued(a), 0);
	ck_assert_uint_eq(authority_cached(a), 0);
	authority_free(a);
}
END_TEST

START_TEST(a_leaf_is_issued_once_and_shares_one_key)
{
	struct authority *a = fresh(7, 10);
	X509 *one = leaf(a, "a.test"), *again = leaf(a, "A.TEST"), *other = leaf(a, "b.test");

	ck_assert_ptr_eq(one, again);
	ck_assert_uint_eq(authority_issued(a), 2);
	ck_assert_int_eq(X509_check_private_key(one, authority_leaf_key(a)), 1);
	ck_assert_int_eq(X509_check_private_key(other, authority_leaf_key(a)), 1);
	ck_assert_int_ne(ASN1_INTEGER_cmp(X509_get0_serialNumber(one), X509_get0_serialNumber(other)), 0);
	X509_free(one);
	X509_free(again);
	X509_free(other);
	authority_free(a);
}
END_TEST

START_TEST(leaves_are_kept_up_to_the_maximum)
{
	struct authority *a = fresh(7, 3);
	char host[16];

	for (int i = 0; i < 10; i++) {
		snprintf(host, sizeof(host), "h%d.test", i);
		X509_free(leaf(a, host));
	}
	ck_assert_uint_eq(authority_cached(a), 3);
	X509_free(leaf(a, "h9.test"));
	ck_assert_uint_eq(authority_issued(a), 10);
	X509_free(leaf(a, "h0.test"));
	ck_assert_uint_eq(authority_issued(a), 11);
	authority_free(a);
}
END_TEST

START_TEST(a_leaf_is_valid_from_an_hour_ago_and_not_longer_than_its_authority)
{
	struct authority *a = fresh(3, 10);
	X509 *x = leaf(a, "a.test");
	time_t now = time(NULL);

	ck_assert_int_eq(verify(a, x, "a.test", false, now - 3500), X509_V_OK);
	ck_assert_int_eq(verify(a, x, "a.test", false, now - 3700), X509_V_ERR_CERT_NOT_YET_VALID);
	ck_assert_int_eq(verify(a, x, "a.test", false, now + 3 * DAY - 60), X509_V_OK);
	ck_assert_int_eq(ASN1_TIME_compare(X509_get0_notAfter(x), X509_get0_notAfter(authority_certificate(a))), 0);
	X509_free(x);
	authority_free(a);
	a = fresh(3650, 10);
	x = leaf(a, "a.test");
	ck_assert_int_eq(verify(a, x, "a.test", false, now + 396 * DAY), X509_V_OK);
	ck_assert_int_eq(verify(a, x, "a.test", false, now + 398 * DAY), X509_V_ERR_CERT_HAS_EXPIRED);
	X509_free(x);
	authority_free(a);
}
END_TEST

START_TEST(a_leaf_that_ends_within_a_day_is_issued_anew)
{
	struct authority *a = fresh(1, 10);

	X509_free(leaf(a, "a.test"));
	X509_free(leaf(a, "a.test"));
	ck_assert_uint_eq(authority_issued(a), 2);
	ck_assert_uint_eq(authority_cached(a), 1);
	authority_free(a);
}
END_TEST

/* --- the authority's own certificate --- */

START_TEST(the_authority_can_sign_leaves_and_nothing_below_them)
{
	struct authority *a = fresh(7, 10);
	X509 *x = authority_certificate(a);

	ck_assert_int_eq(X509_check_ca(x), 1);
	ck_assert_int_eq(X509_get_pathlen(x), 0);
	ck_assert_uint_eq(X509_get_key_usage(x), KU_KEY_CERT_SIGN | KU_CRL_SIGN);
	ck_assert_int_eq(EVP_PKEY_get_bits(X509_get0_pubkey(x)), 256);
	ck_assert_ptr_nonnull(X509_get0_subject_key_id(x));
	authority_free(a);
}
END_TEST

START_TEST(its_pem_is_its_certificate)
{
	struct authority *a = fresh(7, 10);
	BIO *text = BIO_new_mem_buf(authority_pem(a), -1);
	X509 *x = PEM_read_bio_X509(text, NULL, NULL, NULL);

	ck_assert_ptr_nonnull(x);
	ck_assert_int_eq(X509_cmp(x, authority_certificate(a)), 0);
	X509_free(x);
	BIO_free(text);
	authority_free(a);
}
END_TEST

START_TEST(each_fresh_authority_is_another_one)
{
	struct authority *a = fresh(7, 10), *b = fresh(7, 10);
	X509 *x = leaf(a, "a.test");

	ck_assert_int_ne(verify(b, x, "a.test", false, time(NULL)), X509_V_OK);
	X509_free(x);
	authority_free(a);
	authority_free(b);
	authority_free(NULL);
}
END_TEST

/* --- files --- */

START_TEST(files_are_made_at_first_use_with_the_right_modes_and_read_again)
{
	struct authority *a = load(), *b;
	struct stat st;

	ck_assert_int_eq(stat(in_folder("etc/ca.key"), &st), 0);
	ck_assert_uint_eq(st.st_mode & 07777, 0600);
	ck_assert_int_eq(stat(in_folder("etc/ca.pem"), &st), 0);
	ck_assert_uint_eq(st.st_mode & 07777, 0644 & ~umask(umask(0)) & 0644);
	ck_assert_int_eq(stat(in_folder("etc"), &st), 0);
	ck_assert_uint_eq(st.st_mode & 07777, 0700);
	b = load();
	ck_assert_str_eq(authority_pem(a), authority_pem(b));
	check_leaf(b, "a.test", "a.test", false);
	authority_free(a);
	authority_free(b);
}
END_TEST

/* Nothing but the two files is left in the folder. */
START_TEST(no_draft_is_left)
{
	char command[128];

	authority_free(load());
	snprintf(command, sizeof(command), "test \"$(ls -A %s | tr '\\n' ' ')\" = 'ca.key ca.pem '", in_folder("etc"));
	ck_assert_int_eq(system(command), 0);
}
END_TEST

START_TEST(processes_that_begin_at_once_agree)
{
	pid_t children[8];
	int status;

	for (int i = 0; i < 8; i++) {
		children[i] = fork();
		if (children[i] == 0) {
			struct authority *a =
			    authority_load(in_folder("etc/ca.pem"), in_folder("etc/ca.key"), 1, error, sizeof(error));
			bool fine = a != NULL;

			authority_free(a);
			_exit(fine ? 0 : 1);
		}
	}
	for (int i = 0; i < 8; i++) {
		ck_assert_int_eq(waitpid(children[i], &status, 0), children[i]);
		ck_assert_int_eq(status, 0);
	}
	authority_free(load());
}
END_TEST

/* As when a process was stopped in between. */
START_TEST(a_key_without_a_certificate_gets_one)
{
	struct authority *a = load(), *b;

	ck_assert_int_eq(unlink(in_folder("etc/ca.pem")), 0);
	b = load();
	ck_assert_int_eq(
	    EVP_PKEY_eq(X509_get0_pubkey(authority_certificate(a)), X509_get0_pubkey(authority_certificate(b))), 1);
	authority_free(a);
	authority_free(b);
}
END_TEST

START_TEST(a_pair_that_does_not_match_is_refused)
{
	authority_free(load());
	authority_free(authority_load(in_folder("b.pem"), in_folder("b.key"), 1, error, sizeof(error)));
	refuse(in_folder("etc/ca.pem"), in_folder("b.key"), "do not belong together");
}
END_TEST

START_TEST(a_key_that_others_may_read_is_refused)
{
	authority_free(load());
	ck_assert_int_eq(chmod(in_folder("etc/ca.key"), 0640), 0);
	refuse(in_folder("etc/ca.pem"), in_folder("etc/ca.key"), "ca.key: others may read this key");
}
END_TEST

START_TEST(a_certificate_without_its_key_is_refused)
{
	authority_free(load());
	ck_assert_int_eq(unlink(in_folder("etc/ca.key")), 0);
	refuse(in_folder("etc/ca.pem"), in_folder("etc/ca.key"), "ca.key: No such file");
	ck_assert_int_ne(access(in_folder("etc/ca.key"), F_OK), 0);
}
END_TEST

static void write_file(const char *path, const char *text)
{
	FILE *f = fopen(path, "w");

	ck_assert_ptr_nonnull(f);
	fputs(text, f);
	fclose(f);
}

START_TEST(what_is_no_pem_is_refused_by_name)
{
	authority_free(load());
	write_file(in_folder("etc/ca.key"), "nonsense");
	refuse(in_folder("etc/ca.pem"), in_folder("etc/ca.key"), "ca.key: no PEM private key without a passphrase");
	write_file(in_folder("etc/ca.pem"), "nonsense");
	refuse(in_folder("etc/ca.pem"), in_folder("etc/ca.key"), "ca.pem: no PEM certificate in it");
}
END_TEST

/* A leaf, with its own key, put in the authority's place. */
START_TEST(a_certificate_that_is_no_authority_is_refused)
{
	struct authority *a = load();
	X509 *x = leaf(a, "a.test");
	FILE *f = fopen(in_folder("leaf.pem"), "w");

	PEM_write_X509(f, x);
	fclose(f);
	refuse(in_folder("leaf.pem"), in_folder("etc/ca.key"), "is no certificate authority's");
	X509_free(x);
	authority_free(a);
}
END_TEST

START_TEST(an_expired_authority_is_refused)
{
	FILE *f = fopen(in_folder("old.pem"), "w");
	struct authority *a = load();
	X509 *x = X509_dup(authority_certificate(a));
	ASN1_TIME *past = X509_gmtime_adj(NULL, -60);

	X509_set1_notAfter(x, past);
	i2d_re_X509_tbs(x, NULL); /* else the old encoding is written */
	PEM_write_X509(f, x);
	fclose(f);
	refuse(in_folder("old.pem"), in_folder("etc/ca.key"), "has expired");
	ASN1_TIME_free(past);
	X509_free(x);
	authority_free(a);
}
END_TEST

/* Own keys of other kinds: what an organisation may bring. */
START_TEST(an_authority_of_another_kind_of_key_issues_leaves)
{
	static const char *const kinds[] = {"RSA", "ED25519"};

	for (int i = 0; i < 2; i++) {
		EVP_PKEY *key = i == 0 ? EVP_RSA_gen(2048) : EVP_PKEY_Q_keygen(NULL, NULL, kinds[i]);
		const char *cert = in_folder(i == 0 ? "rsa.pem" : "ed.pem"),
			   *path = in_folder(i == 0 ? "rsa.key" : "ed.key");
		struct authority *a;
		FILE *f;

		umask(077);
		f = fopen(path, "w");
		PEM_write_PrivateKey(f, key, NULL, NULL, 0, NULL, NULL);
		fclose(f);
		EVP_PKEY_free(key);
		a = authority_load(cert, path, 10, error, sizeof(error));
		ck_assert_msg(a != NULL, "%s: %s", kinds[i], error);
		check_leaf(a, "a.test", "a.test", false);
		authority_free(a);
	}
}
END_TEST

START_TEST(a_folder_that_can_not_be_made_is_told)
{
	refuse("/dev/null/ca.pem", "/dev/null/ca.key", "/dev/null/ca.key: Not a directory");
}
END_TEST

RUN_TLS_CASES("authority", a_client_that_trusts_the_authority_accepts_its_leaves, a_long_name_gets_a_leaf_too,
	      what_is_no_host_gets_none, a_leaf_is_issued_once_and_shares_one_key, leaves_are_kept_up_to_the_maximum,
	      a_leaf_is_valid_from_an_hour_ago_and_not_longer_than_its_authority,
	      a_leaf_that_ends_within_a_day_is_issued_anew, the_authority_can_sign_leaves_and_nothing_below_them,
	      its_pem_is_its_certificate, each_fresh_authority_is_another_one,
	      files_are_made_at_first_use_with_the_right_modes_and_read_again, no_draft_is_left,
	      processes_that_begin_at_once_agree, a_key_without_a_certificate_gets_one,
	      a_pair_that_does_not_match_is_refused, a_key_that_others_may_read_is_refused,
	      a_certificate_without_its_key_is_refused, what_is_no_pem_is_refused_by_name,
	      a_certificate_that_is_no_authority_is_refused, an_expired_authority_is_refused,
	      an_authority_of_another_kind_of_key_issues_leaves, a_folder_that_can_not_be_made_is_told)
