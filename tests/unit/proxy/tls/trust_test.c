/* SPDX-License-Identifier: MIT
 *
 * The files and variables that make programs trust the authority, read back by OpenSSL and, where it is installed, by
 * Java's keytool. */
#include "proxy/tls/trust.h"

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/pkcs12.h>
#include <string.h>
#include <sys/stat.h>

#include "proxy/environment.h"
#include "tests/unit/proxy/tls/tls_main.h"

static char error[512];
static char home[64], tmpdir[64];
static char *environment[8];

static struct authority *fresh(void)
{
	struct authority *a = authority_new(7, 10, error, sizeof(error));

	ck_assert_msg(a != NULL, "%s", error);
	snprintf(home, sizeof(home), "HOME=%s", test_folder);
	snprintf(tmpdir, sizeof(tmpdir), "TMPDIR=%s", test_folder);
	memset(environment, 0, sizeof(environment));
	environment[0] = home;
	environment[1] = tmpdir;
	return a;
}

static struct trust write_trust(const struct authority *a, const char *folder)
{
	struct trust t;
	bool ok = trust_write(&t, a, environment, folder, error, sizeof(error));

	ck_assert_msg(ok, "%s", error);
	return t;
}

/* How often `x` stands in a file of certificates; *all: how many there are. */
static int count_in(const char *path, const X509 *x, int *all)
{
	BIO *file = BIO_new_file(path, "r");
	X509 *each;
	int found = 0;

	ck_assert_ptr_nonnull(file);
	*all = 0;
	while ((each = PEM_read_bio_X509(file, NULL, NULL, NULL)) != NULL) {
		found += X509_cmp(each, x) == 0;
		*all += 1;
		X509_free(each);
	}
	ERR_clear_error();
	BIO_free(file);
	return found;
}

static STACK_OF(X509) * read_store(const char *path)
{
	STACK_OF(X509) *all = NULL;
	EVP_PKEY *key = NULL;
	X509 *own = NULL;
	FILE *f = fopen(path, "r");
	PKCS12 *store = f ? d2i_PKCS12_fp(f, NULL) : NULL;

	ck_assert_ptr_nonnull(store);
	ck_assert_int_eq(PKCS12_parse(store, "changeit", &key, &own, &all), 1);
	ck_assert_ptr_null(key);
	PKCS12_free(store);
	fclose(f);
	return all;
}

static void write_file(const char *path, const char *text)
{
	FILE *f = fopen(path, "w");

	ck_assert_ptr_nonnull(f);
	fputs(text, f);
	fclose(f);
}

static void check_file(const char *path, const char *expected)
{
	char text[4096];
	FILE *f = fopen(path, "r");

	ck_assert_ptr_nonnull(f);
	text[fread(text, 1, sizeof(text) - 1, f)] = '\0';
	fclose(f);
	ck_assert_str_eq(text, expected);
}

/* --- files --- */

START_TEST(the_bundle_holds_the_systems_roots_and_ours_once)
{
	struct authority *a = fresh();
	struct trust t = write_trust(a, NULL);
	int all;

	ck_assert_int_eq(count_in(t.ca_pem, authority_certificate(a), &all), 1);
	ck_assert_int_eq(all, 1);
	ck_assert_int_eq(count_in(t.bundle_pem, authority_certificate(a), &all), 1);
	ck_assert_uint_eq((size_t)all, t.roots + 1);
	if (access("/etc/ssl/certs/ca-certificates.crt", R_OK) == 0)
		ck_assert_uint_gt(t.roots, 50);
	trust_remove(&t);
	authority_free(a);
}
END_TEST

START_TEST(the_store_holds_the_same_and_no_key)
{
	struct authority *a = fresh();
	struct trust t = write_trust(a, NULL);
	STACK_OF(X509) *all = read_store(t.store_p12);
	int found = 0;

	ck_assert_uint_eq((size_t)sk_X509_num(all), t.roots + 1);
	for (int i = 0; i < sk_X509_num(all); i++)
		found += X509_cmp(sk_X509_value(all, i), authority_certificate(a)) == 0;
	ck_assert_int_eq(found, 1);
	sk_X509_pop_free(all, X509_free);
	trust_remove(&t);
	authority_free(a);
}
END_TEST

/* Java leaves out a certificate whose bag does not say that it is trusted, and the second of two with one alias. */
START_TEST(java_lists_every_certificate_as_trusted)
{
	struct authority *a = fresh();
	struct trust t = write_trust(a, NULL);
	char command[512];
	int status;

	snprintf(command, sizeof(command),
		 "command -v keytool >/dev/null || exit 77\n"
		 "n=$(env -u JAVA_TOOL_OPTIONS keytool -list -keystore %s -storetype PKCS12 -storepass changeit "
		 "| grep -c trustedCertEntry)\ntest $n -eq %zu",
		 t.store_p12, t.roots + 1);
	status = system(command);
	ck_assert_msg(status == 0 || status == 77 << 8, "keytool lists another number than %zu", t.roots + 1);
	trust_remove(&t);
	authority_free(a);
}
END_TEST

START_TEST(what_was_trusted_before_stays_trusted)
{
	struct authority *a = fresh(), *other = authority_new(7, 1, error, sizeof(error));
	struct trust t;
	char before[300], same[300];
	size_t roots;
	int all;

	t = write_trust(a, NULL);
	roots = t.roots;
	trust_remove(&t);
	write_file(in_folder("corporate.pem"), authority_pem(other));
	snprintf(before, sizeof(before), "SSL_CERT_FILE=%s", in_folder("corporate.pem"));
	snprintf(same, sizeof(same), "REQUESTS_CA_BUNDLE=%s", in_folder("corporate.pem"));
	environment[2] = before;
	environment[3] = same;
	environment[4] = (char *)"CURL_CA_BUNDLE=/nonexistent";
	t = write_trust(a, NULL);
	ck_assert_uint_eq(t.roots, roots + 1);
	ck_assert_int_eq(count_in(t.bundle_pem, authority_certificate(other), &all), 1);
	trust_remove(&t);
	authority_free(a);
	authority_free(other);
}
END_TEST

START_TEST(a_temporary_folder_is_readable_for_all_and_gone_afterwards)
{
	struct authority *a = fresh();
	struct trust t;
	struct stat st;
	char folder[256];

	umask(077);
	t = write_trust(a, NULL);
	snprintf(folder, sizeof(folder), "%s", t.folder);
	ck_assert_int_eq(strncmp(folder, test_folder, strlen(test_folder)), 0);
	ck_assert_int_eq(stat(folder, &st), 0);
	ck_assert_uint_eq(st.st_mode & 07777, 0755);
	ck_assert_int_eq(stat(t.bundle_pem, &st), 0);
	ck_assert_uint_eq(st.st_mode & 07777, 0644);
	trust_remove(&t);
	ck_assert_int_ne(access(folder, F_OK), 0);
	trust_remove(&t);
	authority_free(a);
}
END_TEST

START_TEST(a_named_folder_stays_and_can_be_written_again)
{
	struct authority *a = fresh(), *b = authority_new(7, 1, error, sizeof(error));
	struct trust t = write_trust(a, in_folder("kept"));
	int all;

	trust_remove(&t);
	t = write_trust(b, in_folder("kept"));
	ck_assert_int_eq(count_in(t.ca_pem, authority_certificate(b), &all), 1);
	trust_remove(&t);
	ck_assert_int_eq(access(in_folder("kept/bundle.pem"), F_OK), 0);
	authority_free(a);
	authority_free(b);
}
END_TEST

START_TEST(the_users_wgetrc_is_kept_and_ours_added_once)
{
	struct authority *a = fresh();
	struct trust t;
	char own[300], expected[600];

	write_file(in_folder(".wgetrc"), "tries = 3"); /* without a newline */
	t = write_trust(a, in_folder("kept"));
	snprintf(expected, sizeof(expected), "tries = 3\nca_certificate = %s\n", t.bundle_pem);
	check_file(t.wgetrc, expected);
	snprintf(own, sizeof(own), "WGETRC=%s", t.wgetrc); /* as after `ca env` */
	environment[2] = own;
	trust_remove(&t);
	t = write_trust(a, in_folder("kept"));
	check_file(t.wgetrc, expected);
	trust_remove(&t);
	authority_free(a);
}
END_TEST

START_TEST(php_is_told_in_an_ini_file)
{
	struct authority *a = fresh();
	struct trust t = write_trust(a, NULL);
	char path[300], expected[600];

	snprintf(path, sizeof(path), "%s/hopaudit.ini", t.php_folder);
	snprintf(expected, sizeof(expected), "curl.cainfo=\"%s\"\nopenssl.cafile=\"%s\"\n", t.bundle_pem, t.bundle_pem);
	check_file(path, expected);
	trust_remove(&t);
	authority_free(a);
}
END_TEST

START_TEST(a_folder_that_can_not_be_written_is_told_and_nothing_is_left)
{
	struct authority *a = fresh();
	struct trust t;

	ck_assert(!trust_write(&t, a, environment, "/dev/null/trust", error, sizeof(error)));
	ck_assert_ptr_nonnull(strstr(error, "/dev/null/trust: Not a directory"));
	ck_assert_ptr_null(t.folder);
	environment[1] = (char *)"TMPDIR=/nonexistent";
	ck_assert(!trust_write(&t, a, environment, NULL, error, sizeof(error)));
	ck_assert_ptr_nonnull(strstr(error, "No such file"));
	authority_free(a);
}
END_TEST

START_TEST(our_certificate_alone_makes_a_store_too)
{
	struct authority *a = fresh();
	STACK_OF(X509) * all;
	FILE *f = fopen(in_folder("ours.p12"), "w");

	ck_assert(trust_write_p12(a, f));
	fclose(f);
	all = read_store(in_folder("ours.p12"));
	ck_assert_int_eq(sk_X509_num(all), 1);
	ck_assert_int_eq(X509_cmp(sk_X509_value(all, 0), authority_certificate(a)), 0);
	sk_X509_pop_free(all, X509_free);
	authority_free(a);
}
END_TEST

/* --- environment --- */

static const char *value_of(const struct trust_environment *e, const char *name)
{
	for (size_t i = 0; i < e->count; i++) {
		if (strcmp(e->items[i].row->name, name) == 0)
			return e->items[i].value ? e->items[i].value : "(taken away)";
	}
	return "(left alone)";
}

START_TEST(each_variable_stands_once_and_says_who_reads_it)
{
	for (size_t i = 0; i < trust_row_count; i++) {
		ck_assert_uint_gt(strlen(trust_rows[i].what), 2);
		for (size_t k = 0; k < i; k++)
			ck_assert_str_ne(trust_rows[i].name, trust_rows[k].name);
	}
}
END_TEST

/* Its table is written by hand, to be read by people: what the command gets stands in it all the same. */
START_TEST(the_readme_names_each_variable)
{
	FILE *file = fopen(SOURCE_DIR "/README.md", "r");
	static char text[200000];
	char quoted[64];

	ck_assert_ptr_nonnull(file);
	text[fread(text, 1, sizeof(text) - 1, file)] = '\0';
	fclose(file);
	for (size_t i = 0; i < trust_row_count; i++) {
		snprintf(quoted, sizeof(quoted), "`%s`", trust_rows[i].name);
		ck_assert_msg(strstr(text, quoted) != NULL, "README.md does not name %s", quoted);
	}
}
END_TEST

START_TEST(the_environment_names_proxy_and_files)
{
	struct authority *a = fresh();
	struct trust t = write_trust(a, NULL);
	struct trust_environment e;
	char php[300];

	ck_assert(trust_environment(&e, environment, "http://127.0.0.1:8307", &t));
	ck_assert_uint_eq(e.count, trust_row_count);
	ck_assert_str_eq(value_of(&e, "https_proxy"), "http://127.0.0.1:8307");
	ck_assert_str_eq(value_of(&e, "NO_PROXY"), "(taken away)");
	ck_assert_str_eq(value_of(&e, "SSL_CERT_FILE"), t.bundle_pem);
	ck_assert_str_eq(value_of(&e, "NODE_EXTRA_CA_CERTS"), t.ca_pem);
	ck_assert_str_eq(value_of(&e, "NODE_USE_ENV_PROXY"), "1");
	ck_assert_str_eq(value_of(&e, "WGETRC"), t.wgetrc);
	snprintf(php, sizeof(php), ":%s", t.php_folder);
	ck_assert_str_eq(value_of(&e, "PHP_INI_SCAN_DIR"), php);
	trust_environment_free(&e);
	trust_remove(&t);
	authority_free(a);
}
END_TEST

START_TEST(without_files_there_are_proxy_variables_alone)
{
	struct trust_environment e;

	authority_free(fresh());
	ck_assert(trust_environment(&e, environment, "http://127.0.0.1:8307", NULL));
	ck_assert_str_eq(value_of(&e, "https_proxy"), "http://127.0.0.1:8307");
	ck_assert_str_eq(value_of(&e, "no_proxy"), "(taken away)");
	ck_assert_str_eq(value_of(&e, "SSL_CERT_FILE"), "(left alone)");
	ck_assert_str_eq(value_of(&e, "PHP_INI_SCAN_DIR"), "(left alone)");
	ck_assert_str_eq(value_of(&e, "JAVA_TOOL_OPTIONS"),
			 "-Dhttp.proxyHost=127.0.0.1 -Dhttp.proxyPort=8307 -Dhttps.proxyHost=127.0.0.1 "
			 "-Dhttps.proxyPort=8307 -Dhttp.nonProxyHosts=");
	trust_environment_free(&e);
}
END_TEST

START_TEST(java_keeps_its_options_and_gets_ours_once)
{
	struct authority *a = fresh();
	struct trust t = write_trust(a, NULL);
	struct trust_environment e;
	char again[2000], expected[1000];

	environment[2] = (char *)"JAVA_TOOL_OPTIONS=-Xmx64m";
	ck_assert(trust_environment(&e, environment, "http://tag@[::1]:8307", &t));
	snprintf(expected, sizeof(expected),
		 "-Xmx64m -Dhttp.proxyHost=[::1] -Dhttp.proxyPort=8307 -Dhttps.proxyHost=[::1] -Dhttps.proxyPort=8307 "
		 "-Dhttp.nonProxyHosts= \"-Djavax.net.ssl.trustStore=%s\" -Djavax.net.ssl.trustStoreType=PKCS12 "
		 "-Djavax.net.ssl.trustStorePassword=changeit",
		 t.store_p12);
	ck_assert_str_eq(value_of(&e, "JAVA_TOOL_OPTIONS"), expected);
	trust_environment_free(&e);
	snprintf(again, sizeof(again), "JAVA_TOOL_OPTIONS=%s", expected);
	environment[2] = again;
	ck_assert(trust_environment(&e, environment, "http://tag@[::1]:8307", &t));
	ck_assert_str_eq(value_of(&e, "JAVA_TOOL_OPTIONS"), expected);
	trust_environment_free(&e);
	trust_remove(&t);
	authority_free(a);
}
END_TEST

/* What the user gave Node beside its own roots is in the bundle, so the bundle takes its place. */
START_TEST(node_and_php_keep_what_they_had)
{
	struct authority *a = fresh();
	struct trust t = write_trust(a, NULL);
	struct trust_environment e;
	char php[300];

	environment[2] = (char *)"NODE_EXTRA_CA_CERTS=/etc/corporate.pem";
	environment[3] = (char *)"PHP_INI_SCAN_DIR=/etc/php.d";
	ck_assert(trust_environment(&e, environment, "http://127.0.0.1:8307", &t));
	ck_assert_str_eq(value_of(&e, "NODE_EXTRA_CA_CERTS"), t.bundle_pem);
	snprintf(php, sizeof(php), "/etc/php.d:%s", t.php_folder);
	ck_assert_str_eq(value_of(&e, "PHP_INI_SCAN_DIR"), php);
	trust_environment_free(&e);
	trust_remove(&t);
	authority_free(a);
}
END_TEST

RUN_TLS_CASES("trust", the_bundle_holds_the_systems_roots_and_ours_once, the_store_holds_the_same_and_no_key,
	      java_lists_every_certificate_as_trusted, what_was_trusted_before_stays_trusted,
	      a_temporary_folder_is_readable_for_all_and_gone_afterwards, a_named_folder_stays_and_can_be_written_again,
	      the_users_wgetrc_is_kept_and_ours_added_once, php_is_told_in_an_ini_file,
	      a_folder_that_can_not_be_written_is_told_and_nothing_is_left, our_certificate_alone_makes_a_store_too,
	      each_variable_stands_once_and_says_who_reads_it, the_readme_names_each_variable,
	      the_environment_names_proxy_and_files, without_files_there_are_proxy_variables_alone,
	      java_keeps_its_options_and_gets_ours_once, node_and_php_keep_what_they_had)
