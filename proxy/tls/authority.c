/* SPDX-License-Identifier: MIT */
#include "proxy/tls/authority.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <openssl/bn.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/rand.h>
#include <openssl/x509v3.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "proxy/clock.h"
#include "proxy/tls/leaf_cache.h"

static const long hour_s = 3600, day_s = 24 * 3600;
static const unsigned leaf_days = 397;
static const unsigned kept_days = 3650;

/* The certificate and keys are made or read once and only read from then on; the cache has the lock. */
struct authority {
	X509 *certificate; /* owned, all of them */
	EVP_PKEY *key;
	EVP_PKEY *leaf_key;
	char *pem;
	struct leaf_cache cache;
	size_t issued;
	pthread_mutex_t lock;
};

static void last_reason(char *out, size_t size, const char *what)
{
	const char *reason = ERR_reason_error_string(ERR_peek_last_error());

	snprintf(out, size, "%s: %s", what, reason ? reason : "out of memory");
	ERR_clear_error();
}

static EVP_PKEY *new_key(void)
{
	return EVP_EC_gen("P-256");
}

/* Ed25519 and Ed448 digest by themselves. */
static bool sign(X509 *x, EVP_PKEY *key)
{
	bool by_itself = EVP_PKEY_is_a(key, "ED25519") || EVP_PKEY_is_a(key, "ED448");

	return X509_sign(x, key, by_itself ? NULL : EVP_sha256()) > 0;
}

static bool set_serial(X509 *x)
{
	unsigned char bytes[16];
	BIGNUM *number;
	bool ok;

	if (RAND_bytes(bytes, sizeof(bytes)) != 1)
		return false;
	bytes[0] &= 0x7f;
	number = BN_bin2bn(bytes, sizeof(bytes), NULL);
	ok = number && BN_to_ASN1_INTEGER(number, X509_get_serialNumber(x));
	BN_free(number);
	return ok;
}

static bool add_extension(X509 *x, X509 *issuer, int nid, const char *value)
{
	X509V3_CTX context;
	X509_EXTENSION *extension;
	bool ok;

	X509V3_set_ctx_nodb(&context);
	X509V3_set_ctx(&context, issuer, x, NULL, NULL, 0);
	extension = X509V3_EXT_conf_nid(NULL, &context, nid, value);
	ok = extension && X509_add_ext(x, extension, -1) == 1;
	X509_EXTENSION_free(extension);
	return ok;
}

static bool set_name(X509_NAME *name, const char *field, struct bytes value)
{
	return X509_NAME_add_entry_by_txt(name, field, MBSTRING_UTF8, (const unsigned char *)value.ptr, (int)value.len,
					  -1, 0) == 1;
}

static X509 *new_certificate(EVP_PKEY *key, long seconds)
{
	X509 *x = X509_new();

	/* From an hour ago: clocks differ. */
	if (x && X509_set_version(x, X509_VERSION_3) && set_serial(x) &&
	    X509_gmtime_adj(X509_getm_notBefore(x), -hour_s) && X509_gmtime_adj(X509_getm_notAfter(x), seconds) &&
	    X509_set_pubkey(x, key))
		return x;
	X509_free(x);
	return NULL;
}

static X509 *self_signed(EVP_PKEY *key, unsigned days)
{
	X509 *x = new_certificate(key, (long)days * day_s);
	char host[256] = "";
	char name[300];

	if (!x)
		return NULL;
	gethostname(host, sizeof(host) - 1);
	snprintf(name, sizeof(name), "hopaudit CA (%.40s)", host);
	if (set_name(X509_get_subject_name(x), "CN", bytes_str(name)) &&
	    set_name(X509_get_subject_name(x), "O", BYTES("hopaudit")) &&
	    X509_set_issuer_name(x, X509_get_subject_name(x)) &&
	    add_extension(x, x, NID_basic_constraints, "critical,CA:TRUE,pathlen:0") &&
	    add_extension(x, x, NID_key_usage, "critical,keyCertSign,cRLSign") &&
	    add_extension(x, x, NID_subject_key_identifier, "hash") && sign(x, key))
		return x;
	X509_free(x);
	return NULL;
}

static bool make_pem(struct authority *a)
{
	BIO *bio = BIO_new(BIO_s_mem());
	char *data;
	long len;

	if (!bio || !PEM_write_bio_X509(bio, a->certificate)) {
		BIO_free(bio);
		return false;
	}
	len = BIO_get_mem_data(bio, &data);
	a->pem = strndup(data, (size_t)len);
	BIO_free(bio);
	return a->pem != NULL;
}

/* Takes over both. */
static struct authority *make(X509 *certificate, EVP_PKEY *key, size_t leaves_max, char *error, size_t error_size)
{
	struct authority *a = calloc(1, sizeof(*a));

	if (a) {
		a->certificate = certificate;
		a->key = key;
		a->leaf_key = new_key();
		pthread_mutex_init(&a->lock, NULL);
		if (certificate && key && a->leaf_key && leaf_cache_init(&a->cache, leaves_max) && make_pem(a))
			return a;
		authority_free(a);
	} else {
		X509_free(certificate);
		EVP_PKEY_free(key);
	}
	last_reason(error, error_size, "can't make a certificate authority");
	return NULL;
}

struct authority *authority_new(unsigned days, size_t leaves_max, char *error, size_t error_size)
{
	EVP_PKEY *key = new_key();

	return make(key ? self_signed(key, days) : NULL, key, leaves_max, error, error_size);
}

void authority_free(struct authority *a)
{
	if (!a)
		return;
	leaf_cache_free(&a->cache);
	pthread_mutex_destroy(&a->lock);
	X509_free(a->certificate);
	EVP_PKEY_free(a->key);
	EVP_PKEY_free(a->leaf_key);
	free(a->pem);
	free(a);
}

/* The folders above a path, mode 0700 each that is missing. */
static bool make_folders(const char *path)
{
	char *copy = strdup(path);
	bool ok = copy != NULL;

	for (char *slash = copy ? strchr(copy + 1, '/') : NULL; ok && slash; slash = strchr(slash + 1, '/')) {
		*slash = '\0';
		ok = mkdir(copy, 0700) == 0 || errno == EEXIST;
		*slash = '/';
	}
	free(copy);
	return ok;
}

/* Under another name first: a reader never sees half a file. With link() the first of two writers wins. */
static bool write_pem(const char *path, mode_t mode, X509 *certificate, EVP_PKEY *key)
{
	size_t len = strlen(path) + 32;
	char *draft = malloc(len);
	FILE *file = NULL;
	int fd = -1;
	bool ok = false;

	if (!draft)
		return false;
	snprintf(draft, len, "%s.%ld", path, (long)getpid());
	fd = open(draft, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, mode);
	file = fd >= 0 ? fdopen(fd, "w") : NULL;
	if (file)
		ok = key ? PEM_write_PrivateKey(file, key, NULL, NULL, 0, NULL, NULL)
			 : PEM_write_X509(file, certificate);
	if (file)
		ok = fclose(file) == 0 && ok;
	else if (fd >= 0)
		close(fd);
	ok = ok && (link(draft, path) == 0 || errno == EEXIST);
	if (fd >= 0) {
		int saved = errno;

		unlink(draft);
		errno = saved;
	}
	free(draft);
	return ok;
}

static EVP_PKEY *read_key(const char *path, char *error, size_t error_size)
{
	FILE *file = fopen(path, "re");
	EVP_PKEY *key = NULL;
	struct stat st;

	if (!file || fstat(fileno(file), &st)) {
		snprintf(error, error_size, "%s: %s", path, strerror(errno));
	} else if (st.st_mode & 077) {
		snprintf(error, error_size, "%s: others may read this key (chmod 600 it)", path);
	} else {
		key = PEM_read_PrivateKey(file, NULL, NULL, (void *)"");
		if (!key)
			snprintf(error, error_size, "%s: no PEM private key without a passphrase in it", path);
	}
	if (file)
		fclose(file);
	ERR_clear_error();
	return key;
}

/* The key first, unless it is there: whoever wins there, its certificate is made from the key that stands in the file.
 * A key without a certificate is what a process leaves that was stopped in between, or has not come to it yet. */
static bool create_files(const char *cert_path, const char *key_path, char *error, size_t error_size)
{
	EVP_PKEY *key = new_key();
	X509 *certificate = NULL;
	bool ok = key && make_folders(key_path) && make_folders(cert_path) && write_pem(key_path, 0600, NULL, key);

	EVP_PKEY_free(key);
	if (!ok) {
		snprintf(error, error_size, "can't write %s: %s", key_path, strerror(errno));
		return false;
	}
	key = read_key(key_path, error, error_size);
	if (!key)
		return false;
	certificate = self_signed(key, kept_days);
	ok = certificate && write_pem(cert_path, 0644, certificate, NULL);
	if (!ok)
		snprintf(error, error_size, "can't write %s: %s", cert_path, strerror(errno));
	X509_free(certificate);
	EVP_PKEY_free(key);
	return ok;
}

static X509 *read_certificate(const char *path, char *error, size_t error_size)
{
	FILE *file = fopen(path, "re");
	X509 *x = file ? PEM_read_X509(file, NULL, NULL, NULL) : NULL;

	if (!file)
		snprintf(error, error_size, "%s: %s", path, strerror(errno));
	else if (!x)
		snprintf(error, error_size, "%s: no PEM certificate in it", path);
	else if (X509_check_ca(x) == 0)
		snprintf(error, error_size, "%s: this certificate is no certificate authority's", path);
	else if (X509_cmp_current_time(X509_get0_notAfter(x)) < 0)
		snprintf(error, error_size, "%s: this certificate authority has expired", path);
	else
		error[0] = '\0';
	if (file)
		fclose(file);
	if (x && error[0]) {
		X509_free(x);
		x = NULL;
	}
	ERR_clear_error();
	return x;
}

struct authority *authority_load(const char *cert_path, const char *key_path, size_t leaves_max, char *error,
				 size_t error_size)
{
	X509 *certificate;
	EVP_PKEY *key;

	if (access(cert_path, F_OK) != 0 && !create_files(cert_path, key_path, error, error_size))
		return NULL;
	certificate = read_certificate(cert_path, error, error_size);
	if (!certificate)
		return NULL;
	key = read_key(key_path, error, error_size);
	if (!key) {
		X509_free(certificate);
		return NULL;
	}
	if (X509_check_private_key(certificate, key) != 1) {
		snprintf(error, error_size, "%s and %s do not belong together", cert_path, key_path);
		ERR_clear_error();
		X509_free(certificate);
		EVP_PKEY_free(key);
		return NULL;
	}
	return make(certificate, key, leaves_max, error, error_size);
}

X509 *authority_certificate(const struct authority *a)
{
	return a->certificate;
}

EVP_PKEY *authority_leaf_key(const struct authority *a)
{
	return a->leaf_key;
}

const char *authority_pem(const struct authority *a)
{
	return a->pem;
}

/* "DNS:name" or "IP:address"; false for what is neither. */
static bool alternative_name(const char *host, char *out, size_t size)
{
	unsigned char address[16];

	if (inet_pton(AF_INET, host, address) == 1 || inet_pton(AF_INET6, host, address) == 1)
		return snprintf(out, size, "IP:%s", host) < (int)size;
	for (const char *p = host; *p; p++) {
		unsigned char c = (unsigned char)*p;

		if (!ascii_is_digit(c) && !(c >= 'a' && c <= 'z') && c != '-' && c != '.' && c != '_')
			return false;
	}
	return *host && snprintf(out, size, "DNS:%s", host) < (int)size;
}

static bool ends_with_authority(X509 *leaf, const struct authority *a)
{
	const ASN1_TIME *end = X509_get0_notAfter(a->certificate);

	return ASN1_TIME_compare(X509_get0_notAfter(leaf), end) <= 0 || X509_set1_notAfter(leaf, end) == 1;
}

static X509 *issue(const struct authority *a, const char *host)
{
	char names[300];
	X509 *leaf;
	struct bytes common = bytes_str(host);

	if (!alternative_name(host, names, sizeof(names)))
		return NULL;
	if (common.len > 64)
		common.len = 64; /* ub-common-name, RFC 5280 A.1 */
	leaf = new_certificate(a->leaf_key, (long)leaf_days * day_s);
	if (leaf && ends_with_authority(leaf, a) && set_name(X509_get_subject_name(leaf), "CN", common) &&
	    X509_set_issuer_name(leaf, X509_get_subject_name(a->certificate)) &&
	    add_extension(leaf, a->certificate, NID_basic_constraints, "critical,CA:FALSE") &&
	    add_extension(leaf, a->certificate, NID_key_usage, "critical,digitalSignature") &&
	    add_extension(leaf, a->certificate, NID_ext_key_usage, "serverAuth") &&
	    add_extension(leaf, a->certificate, NID_authority_key_identifier, "keyid:always") &&
	    add_extension(leaf, a->certificate, NID_subject_alt_name, names) && sign(leaf, a->key))
		return leaf;
	X509_free(leaf);
	ERR_clear_error();
	return NULL;
}

static bool host_text(struct bytes host, char *out, size_t size)
{
	if (host.len > 1 && host.ptr[0] == '[' && host.ptr[host.len - 1] == ']')
		host = bytes_slice(host, 1, host.len - 1);
	if (host.len == 0 || host.len >= size || memchr(host.ptr, '\0', host.len))
		return false;
	for (size_t i = 0; i < host.len; i++)
		out[i] = (char)ascii_lower((unsigned char)host.ptr[i]);
	out[host.len] = '\0';
	return true;
}

static bool lasts_a_day(X509 *leaf)
{
	time_t tomorrow = (time_t)(clock_wall_us() / 1000000) + day_s;

	return X509_cmp_time(X509_get0_notAfter(leaf), &tomorrow) > 0;
}

X509 *authority_leaf(struct authority *a, struct bytes host)
{
	char name[256];
	X509 *leaf;

	if (!host_text(host, name, sizeof(name)))
		return NULL;
	pthread_mutex_lock(&a->lock);
	leaf = leaf_cache_find(&a->cache, name);
	if (leaf && !lasts_a_day(leaf))
		leaf = NULL;
	if (leaf) {
		X509_up_ref(leaf);
	} else if ((leaf = issue(a, name)) != NULL) {
		a->issued++;
		leaf_cache_put(&a->cache, name, leaf);
	}
	pthread_mutex_unlock(&a->lock);
	return leaf;
}

size_t authority_cached(struct authority *a)
{
	size_t count;

	pthread_mutex_lock(&a->lock);
	count = a->cache.count;
	pthread_mutex_unlock(&a->lock);
	return count;
}

size_t authority_issued(struct authority *a)
{
	size_t count;

	pthread_mutex_lock(&a->lock);
	count = a->issued;
	pthread_mutex_unlock(&a->lock);
	return count;
}
