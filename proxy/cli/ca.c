/* SPDX-License-Identifier: MIT
 *
 * `hopaudit ca`: the authority of `hopaudit proxy`, shown, exported, and made trusted by an environment. */
#include <errno.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "proxy/cli/address.h"
#include "proxy/cli/command.h"
#include "proxy/cli/own_files.h"
#include "proxy/tls/trust.h"

static int fail(const struct cli *cli, const char *why)
{
	fprintf(cli->err, "hopaudit: %s\n", why);
	return STATUS_FAILED;
}

/* --- show --- */

/* "Nov 21 07:16:02 2036 GMT" */
static void print_time(FILE *out, const ASN1_TIME *t)
{
	BIO *text = BIO_new(BIO_s_mem());
	char *data = NULL;
	long len = text && ASN1_TIME_print(text, t) ? BIO_get_mem_data(text, &data) : 0;

	fprintf(out, "%.*s", (int)len, data ? data : "");
	BIO_free(text);
}

static void print_fingerprint(FILE *out, const X509 *x)
{
	unsigned char digest[EVP_MAX_MD_SIZE];
	unsigned len = 0;

	if (!X509_digest(x, EVP_sha256(), digest, &len))
		len = 0;
	fputs("SHA-256      ", out);
	for (unsigned i = 0; i < len; i++)
		fprintf(out, "%s%02X", i ? ":" : "", digest[i]);
	fputc('\n', out);
}

/* The digest of the public key by which Chromium can be told to trust it alone. */
static void print_key_pin(FILE *out, const X509 *x)
{
	unsigned char *key = NULL, digest[EVP_MAX_MD_SIZE], text[2 * EVP_MAX_MD_SIZE];
	int len = i2d_X509_PUBKEY(X509_get_X509_PUBKEY(x), &key);
	unsigned digest_len = 0;

	if (len > 0 && EVP_Digest(key, (size_t)len, digest, &digest_len, EVP_sha256(), NULL)) {
		EVP_EncodeBlock(text, digest, (int)digest_len);
		fprintf(out, "Chromium     --ignore-certificate-errors-spki-list=%s\n", text);
	}
	OPENSSL_free(key);
}

static void print_paths(const struct cli *cli, const struct config *config)
{
	char cert[OWN_PATH_MAX] = "", key[OWN_PATH_MAX] = "";
	const char *cert_path = config->ca_cert, *key_path = config->ca_key;

	if (!cert_path && own_path(cli->environment, "ca.pem", cert) && own_path(cli->environment, "ca.key", key)) {
		cert_path = cert;
		key_path = key;
	}
	fprintf(cli->out, "certificate  %s\nkey          %s\n", cert_path, key_path);
}

static int show(const struct cli *cli, const struct config *config, const struct authority *a)
{
	const X509 *x = authority_certificate(a);

	print_paths(cli, config);
	fputs("subject      ", cli->out);
	X509_NAME_print_ex_fp(cli->out, X509_get_subject_name(x), 0, XN_FLAG_ONELINE);
	fputs("\nvalid        ", cli->out);
	print_time(cli->out, X509_get0_notBefore(x));
	fputs(" to ", cli->out);
	print_time(cli->out, X509_get0_notAfter(x));
	fputc('\n', cli->out);
	print_fingerprint(cli->out, x);
	print_key_pin(cli->out, x);
	fputs("\nTo make a program trust it: eval \"$(hopaudit ca env)\" before it. To make this system trust it\n"
	      "(Debian): hopaudit ca export /usr/local/share/ca-certificates/hopaudit.crt && update-ca-certificates\n",
	      cli->out);
	return STATUS_OK;
}

/* --- export --- */

static bool ends_in(const char *name, const char *end)
{
	size_t len = strlen(name), end_len = strlen(end);

	return len > end_len && strcasecmp(name + len - end_len, end) == 0;
}

static bool write_certificate(FILE *to, const struct authority *a, bool p12)
{
	return p12 ? trust_write_p12(a, to) : fputs(authority_pem(a), to) >= 0;
}

static int export_to(const struct cli *cli, const struct authority *a, bool p12, const char *path)
{
	FILE *file = fopen(path, "we");
	bool ok = file && write_certificate(file, a, p12);

	if (file)
		ok = fclose(file) == 0 && ok;
	if (!ok)
		fprintf(cli->err, "hopaudit: %s: %s\n", path, strerror(errno));
	return ok ? STATUS_OK : STATUS_FAILED;
}

static int export(const struct cli *cli, const struct command *c, const struct options *o, const struct authority *a)
{
	const char *path = o->operand_count > 1 ? o->operands[1] : NULL;
	bool p12 = o->config.export_p12;

	if (o->config.export_pem && o->config.export_p12)
		return command_usage_error(cli, c, "--pem or --p12, not both");
	if (path && !o->config.export_pem)
		p12 = p12 || ends_in(path, ".p12") || ends_in(path, ".pfx");
	if (path && strcmp(path, "-") != 0)
		return export_to(cli, a, p12, path);
	if (p12 && isatty(fileno(cli->out)))
		return command_usage_error(cli, c, "PKCS#12 is binary: name a FILE, or send it somewhere else");
	return write_certificate(cli->out, a, p12) ? STATUS_OK : fail(cli, strerror(errno));
}

/* --- env --- */

/* How each shell sets and takes away, and writes what may not stand in single quotes as it is. */
static const struct shell {
	const char *set, *between, *unset, *quote, *backslash;
} shells[] = {
    [SHELL_SH] = {"export ", "=", "unset ", "'\\''", "\\"},
    [SHELL_FISH] = {"set -gx ", " ", "set -e ", "\\'", "\\\\"},
    [SHELL_POWERSHELL] = {"$env:", " = ", "Remove-Item -ErrorAction SilentlyContinue Env:", "''", "\\"},
};

static void print_quoted(FILE *out, const struct shell *s, const char *value)
{
	fputc('\'', out);
	for (; *value; value++) {
		if (*value == '\'')
			fputs(s->quote, out);
		else if (*value == '\\')
			fputs(s->backslash, out);
		else
			fputc(*value, out);
	}
	fputc('\'', out);
}

/* Comments are for eyes alone: an interactive zsh would run them. */
static void print_variable(FILE *out, const struct shell *s, const struct trust_variable *v, bool comment)
{
	if (v->value) {
		fprintf(out, "%s%s%s", s->set, v->row->name, s->between);
		print_quoted(out, s, v->value);
	} else {
		fprintf(out, "%s%s", s->unset, v->row->name);
	}
	if (comment)
		fprintf(out, " # %s", v->row->what);
	fputc('\n', out);
}

static int env(const struct cli *cli, const struct command *c, const struct config *config, const struct authority *a)
{
	char folder[OWN_PATH_MAX], reach[64], url[80], error[512];
	struct trust_environment e;
	struct trust trust;

	if (ends_in(config->listen, ":0"))
		return command_usage_error(cli, c, "at which port? --listen ADDRESS:PORT");
	address_reach(config->listen, reach, sizeof(reach));
	snprintf(url, sizeof(url), "http://%s", reach);
	if (!own_path(cli->environment, "trust", folder))
		return fail(cli, "no place for the certificates: HOME is not set");
	if (!trust_write(&trust, a, cli->environment, folder, error, sizeof(error)))
		return fail(cli, error);
	if (!trust_environment(&e, cli->environment, url, &trust)) {
		trust_remove(&trust);
		return fail(cli, "out of memory");
	}
	for (size_t i = 0; i < e.count; i++)
		print_variable(cli->out, &shells[config->shell], &e.items[i], isatty(fileno(cli->out)));
	trust_environment_free(&e);
	trust_remove(&trust); /* the files stay: they are not temporary */
	return STATUS_OK;
}

/* --- all --- */

static int ca(const struct cli *cli, const struct command *c, const struct options *o)
{
	const char *what = o->operand_count > 0 ? o->operands[0] : "show";
	bool shows = strcmp(what, "show") == 0, exports = strcmp(what, "export") == 0,
	     prints = strcmp(what, "env") == 0;
	char error[512];
	struct authority *a;
	int status;

	if (!shows && !exports && !prints)
		return command_usage_error(cli, c, "`hopaudit ca` can show, export and env, not '%s'", what);
	if (o->operand_count > (exports ? 2 : 1))
		return command_usage_error(cli, c, "'%s' is one too many", o->operands[exports ? 2 : 1]);
	a = own_authority(&o->config, cli->environment, error, sizeof(error));
	if (!a)
		return fail(cli, error);
	if (shows)
		status = show(cli, &o->config, a);
	else
		status = exports ? export(cli, c, o, a) : env(cli, c, &o->config, a);
	authority_free(a);
	return status;
}

int command_ca(const struct cli *cli, const struct command *c, int count, char **arguments)
{
	struct options o;
	int status;

	if (command_options(cli, c, count, arguments, &o, &status))
		status = ca(cli, c, &o);
	options_free(&o);
	return status;
}
