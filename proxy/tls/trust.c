/* SPDX-License-Identifier: MIT
 *
 * The files of trust.h. Each is written under another name and renamed, so that a reader never sees half of one. */
#include "proxy/tls/trust.h"

#include <errno.h>
#include <fcntl.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "proxy/environment.h"
#include "proxy/tls/trust_store.h"

/* Where systems keep their roots in one file; the first that is there counts. */
static const char *const system_bundles[] = {
    "/etc/ssl/certs/ca-certificates.crt", /* Debian, Alpine, Arch */
    "/etc/pki/tls/certs/ca-bundle.crt",   /* Fedora, RHEL */
    "/etc/ssl/ca-bundle.pem",             /* openSUSE */
    "/etc/ssl/cert.pem",                  /* Alpine, BSDs */
};

/* The variables by which a user has pointed programs to further roots. */
static const char *const trusted_before[] = {
    "SSL_CERT_FILE", "CURL_CA_BUNDLE", "REQUESTS_CA_BUNDLE", "NODE_EXTRA_CA_CERTS", "GIT_SSL_CAINFO", "AWS_CA_BUNDLE",
};

/* --- roots --- */

static bool has(const STACK_OF(X509) * roots, const X509 *x)
{
	for (int i = 0; i < sk_X509_num(roots); i++) {
		if (X509_cmp(sk_X509_value(roots, i), x) == 0)
			return true;
	}
	return false;
}

/* Adds the certificates of a PEM file; what is no certificate in it is nobody's business here. False when memory is
 * short. */
static bool add_file(STACK_OF(X509) * roots, const char *path)
{
	BIO *file = BIO_new_file(path, "r");
	X509 *x = NULL;
	bool ok = true;

	while (ok && file && (x = PEM_read_bio_X509(file, NULL, NULL, (void *)"")) != NULL) {
		if (has(roots, x))
			X509_free(x);
		else
			ok = sk_X509_push(roots, x) > 0;
	}
	BIO_free(file);
	ERR_clear_error();
	return ok;
}

/* The files that were read: most of them are one, by many names. */
struct seen_files {
	struct {
		dev_t device;
		ino_t inode;
	} items[sizeof(trusted_before) / sizeof(trusted_before[0]) + 1];
	size_t count;
};

static bool is_new(struct seen_files *seen, const char *path)
{
	struct stat st;

	if (!path || stat(path, &st) != 0)
		return false;
	for (size_t i = 0; i < seen->count; i++) {
		if (seen->items[i].device == st.st_dev && seen->items[i].inode == st.st_ino)
			return false;
	}
	seen->items[seen->count].device = st.st_dev;
	seen->items[seen->count++].inode = st.st_ino;
	return true;
}

static const char *system_bundle(void)
{
	for (size_t i = 0; i < sizeof(system_bundles) / sizeof(system_bundles[0]); i++) {
		if (access(system_bundles[i], R_OK) == 0)
			return system_bundles[i];
	}
	return NULL;
}

static STACK_OF(X509) * read_roots(char *const *environment)
{
	STACK_OF(X509) *roots = sk_X509_new_null();
	const char *path = system_bundle();
	struct seen_files seen = {.count = 0};
	bool ok = roots && (!is_new(&seen, path) || add_file(roots, path));

	for (size_t i = 0; ok && i < sizeof(trusted_before) / sizeof(trusted_before[0]); i++) {
		path = environment_get(environment, trusted_before[i]);
		ok = !is_new(&seen, path) || add_file(roots, path);
	}
	if (ok)
		return roots;
	sk_X509_pop_free(roots, X509_free);
	return NULL;
}

/* --- files --- */

/* What the writers below write, whatever they need of it. */
struct sources {
	const struct authority *authority;
	char *const *environment;
	const struct trust *trust;
	STACK_OF(X509) * roots; /* others' first, ours last */
};

typedef bool file_writer(FILE *to, const struct sources *s);

static bool write_ca(FILE *to, const struct sources *s)
{
	return fputs(authority_pem(s->authority), to) >= 0;
}

static bool write_bundle(FILE *to, const struct sources *s)
{
	for (int i = 0; i < sk_X509_num(s->roots); i++) {
		if (!PEM_write_X509(to, sk_X509_value(s->roots, i)))
			return false;
	}
	return true;
}

static bool write_store(FILE *to, const struct sources *s)
{
	return trust_store_write(to, s->roots, TRUST_PASSWORD);
}

static FILE *open_wgetrc(char *const *environment)
{
	const char *own = environment_get(environment, "WGETRC"), *home = environment_get(environment, "HOME");
	char usual[4096];

	if (own && *own)
		return fopen(own, "re");
	if (!home || snprintf(usual, sizeof(usual), "%s/.wgetrc", home) >= (int)sizeof(usual))
		return NULL;
	return fopen(usual, "re");
}

/* Without a line of ours from an earlier time: after `ca env` the user's wgetrc may be this very file. */
static void copy_wgetrc(FILE *from, FILE *to, const char *ours)
{
	char *line = NULL;
	size_t room = 0;
	ssize_t len;

	while ((len = getline(&line, &room, from)) > 0) {
		if (strcmp(line, ours) != 0)
			fprintf(to, "%s%s", line, line[len - 1] == '\n' ? "" : "\n");
	}
	free(line);
}

static bool write_wgetrc(FILE *to, const struct sources *s)
{
	FILE *own = open_wgetrc(s->environment);
	char *ours;
	bool ok;

	if (asprintf(&ours, "ca_certificate = %s\n", s->trust->bundle_pem) < 0)
		ours = NULL;
	if (own && ours)
		copy_wgetrc(own, to, ours);
	if (own)
		fclose(own);
	ok = ours && fputs(ours, to) >= 0;
	free(ours);
	return ok;
}

static bool write_php(FILE *to, const struct sources *s)
{
	return fprintf(to, "curl.cainfo=\"%s\"\nopenssl.cafile=\"%s\"\n", s->trust->bundle_pem, s->trust->bundle_pem) >
	       0;
}

static bool write_file(const char *path, file_writer *writer, const struct sources *s)
{
	char draft[4096];
	FILE *file;
	int fd;
	bool ok;

	if (snprintf(draft, sizeof(draft), "%s.%ld", path, (long)getpid()) >= (int)sizeof(draft)) {
		errno = ENAMETOOLONG;
		return false;
	}
	fd = open(draft, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
	if (fd < 0)
		return false;
	file = fdopen(fd, "w");
	ok = file && writer(file, s);
	ok = ok && fchmod(fd, 0644) == 0; /* whatever the umask is */
	if (file ? fclose(file) != 0 : close(fd) != 0)
		ok = false;
	ok = ok && rename(draft, path) == 0;
	if (!ok) {
		int saved = errno;

		unlink(draft);
		errno = saved;
	}
	return ok;
}

static char *below(const char *folder, const char *name)
{
	char *path;

	return asprintf(&path, "%s/%s", folder, name) < 0 ? NULL : path;
}

static bool make_folder(const char *path)
{
	return (mkdir(path, 0755) == 0 || errno == EEXIST) && chmod(path, 0755) == 0;
}

/* The folder itself, and the paths in it. */
static bool open_folder(struct trust *t, char *const *environment, const char *folder)
{
	const char *parent = environment_get(environment, "TMPDIR");

	t->temporary = !folder;
	t->folder = folder ? strdup(folder) : below(parent && *parent ? parent : "/tmp", "hopaudit-trust-XXXXXX");
	if (!t->folder)
		return false;
	if (t->temporary && !mkdtemp(t->folder)) {
		t->temporary = false; /* nothing to remove */
		return false;
	}
	if (!make_folder(t->folder))
		return false;
	t->ca_pem = below(t->folder, "ca.pem");
	t->bundle_pem = below(t->folder, "bundle.pem");
	t->store_p12 = below(t->folder, "store.p12");
	t->wgetrc = below(t->folder, "wgetrc");
	t->php_folder = below(t->folder, "php");
	return t->ca_pem && t->bundle_pem && t->store_p12 && t->wgetrc && t->php_folder && make_folder(t->php_folder);
}

static bool write_all(const struct sources *s)
{
	char *ini = below(s->trust->php_folder, "hopaudit.ini");
	bool ok = ini && write_file(s->trust->ca_pem, write_ca, s) &&
		  write_file(s->trust->bundle_pem, write_bundle, s) &&
		  write_file(s->trust->store_p12, write_store, s) && write_file(s->trust->wgetrc, write_wgetrc, s) &&
		  write_file(ini, write_php, s);

	free(ini);
	return ok;
}

bool trust_write(struct trust *t, const struct authority *a, char *const *environment, const char *folder, char *error,
		 size_t error_size)
{
	struct sources s = {.authority = a, .environment = environment, .trust = t};
	X509 *own = authority_certificate(a);
	bool ok;

	*t = (struct trust){0};
	errno = ENOMEM;
	s.roots = read_roots(environment);
	t->roots = s.roots ? (size_t)sk_X509_num(s.roots) : 0;
	ok = s.roots && (has(s.roots, own) || (X509_up_ref(own) && sk_X509_push(s.roots, own) > 0)) &&
	     open_folder(t, environment, folder) && write_all(&s);
	if (!ok)
		snprintf(error, error_size, "can't write the certificates that the command should trust: %s%s%s",
			 t->folder ? t->folder : "", t->folder ? ": " : "", strerror(errno));
	sk_X509_pop_free(s.roots, X509_free);
	if (!ok)
		trust_remove(t);
	return ok;
}

bool trust_write_p12(const struct authority *a, FILE *to)
{
	STACK_OF(X509) *alone = sk_X509_new_null();
	bool ok =
	    alone && sk_X509_push(alone, authority_certificate(a)) > 0 && trust_store_write(to, alone, TRUST_PASSWORD);

	sk_X509_free(alone);
	return ok;
}

static void remove_files(const struct trust *t)
{
	const char *const files[] = {t->ca_pem, t->bundle_pem, t->store_p12, t->wgetrc};
	char *ini = t->php_folder ? below(t->php_folder, "hopaudit.ini") : NULL;

	for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++) {
		if (files[i])
			unlink(files[i]);
	}
	if (ini)
		unlink(ini);
	free(ini);
	if (t->php_folder)
		rmdir(t->php_folder);
	rmdir(t->folder);
}

void trust_remove(struct trust *t)
{
	if (t->temporary)
		remove_files(t);
	free(t->folder);
	free(t->ca_pem);
	free(t->bundle_pem);
	free(t->store_p12);
	free(t->wgetrc);
	free(t->php_folder);
	*t = (struct trust){0};
}
