/* SPDX-License-Identifier: MIT
 *
 * Redaction's entrance (redact.h), the keyed digest, and field values. URLs are in redact_url.c, free text in
 * redact_text.c; all three write through one pass. */
#include "audit/record/redact.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>

#include "audit/record/redact_pass.h"
#include "audit/secret.h"

void redactor_init(struct redactor *r, const uint8_t *key)
{
	*r = (struct redactor){.off = !key};
	if (key)
		memcpy(r->key, key, sizeof(r->key));
}

void redactor_free(struct redactor *r)
{
	text_buf_free(&r->out);
	OPENSSL_cleanse(r->key, sizeof(r->key));
}

void redact_keep(struct redact_pass *p, struct bytes harmless)
{
	if (p->out)
		text_buf_add(p->out, harmless);
}

void redact_hide(struct redact_pass *p, struct bytes secret)
{
	uint8_t mac[EVP_MAX_MD_SIZE];

	if (secret.len == 0)
		return;
	p->changed = true;
	if (!p->out)
		return;
	text_buf_add_char(p->out, '~');
	if (HMAC(EVP_sha256(), p->key, REDACTION_KEY_BYTES, (const uint8_t *)secret.ptr, secret.len, mac, NULL))
		text_buf_add_hex(p->out, mac, 8);
}

void redact_hide_decoded(struct redact_pass *p, struct bytes secret)
{
	struct text_buf decoded = {0};

	if (!p->out || bytes_find(secret, '%') == secret.len) {
		redact_hide(p, secret);
		return;
	}
	percent_decode(&decoded, secret, false);
	redact_hide(p, decoded.failed ? secret : text_buf_view(&decoded));
	text_buf_free(&decoded);
}

void percent_decode(struct text_buf *out, struct bytes b, bool plus)
{
	for (size_t i = 0; i < b.len; i++) {
		int high, low;

		if (b.ptr[i] == '%' && i + 2 < b.len && (high = hex_value((unsigned char)b.ptr[i + 1])) >= 0 &&
		    (low = hex_value((unsigned char)b.ptr[i + 2])) >= 0) {
			text_buf_add_char(out, (char)(high << 4 | low));
			i += 2;
		} else {
			text_buf_add_char(out, plus && b.ptr[i] == '+' ? ' ' : b.ptr[i]);
		}
	}
}

/* "Bearer abc": the scheme stays. Credentials without a scheme are hidden whole. */
static void credentials_pass(struct redact_pass *p, struct bytes value)
{
	size_t space = bytes_find(value, ' ');

	if (space < value.len && bytes_is_token(bytes_slice(value, 0, space))) {
		redact_keep(p, bytes_slice(value, 0, space + 1));
		value = bytes_slice(value, space + 1, value.len);
	}
	redact_hide(p, value);
}

/* "a=1; b=2". Of a Set-Cookie only the first pair is a cookie; what follows are its attributes. */
static void cookie_pass(struct redact_pass *p, struct bytes value, bool is_set_cookie)
{
	while (value.len > 0) {
		size_t end = bytes_find(value, ';');
		struct bytes pair = bytes_slice(value, 0, end);
		size_t equals = bytes_find(pair, '=');

		if (equals < pair.len) {
			redact_keep(p, bytes_slice(pair, 0, equals + 1));
			redact_hide(p, bytes_slice(pair, equals + 1, pair.len));
		} else {
			size_t blank = 0; /* a cookie without a name is a value */

			while (blank < pair.len && pair.ptr[blank] == ' ')
				blank++;
			redact_keep(p, bytes_slice(pair, 0, blank));
			redact_hide(p, bytes_slice(pair, blank, pair.len));
		}
		value = bytes_slice(value, end, value.len);
		if (is_set_cookie)
			break;
		redact_keep(p, bytes_slice(value, 0, 1));
		value = bytes_slice(value, 1, value.len);
	}
	redact_keep(p, value);
}

bool redact_named_field_pass(struct redact_pass *p, struct bytes name, struct bytes value)
{
	if (bytes_equal_nocase(name, BYTES("authorization")) || bytes_equal_nocase(name, BYTES("proxy-authorization")))
		credentials_pass(p, value);
	else if (bytes_equal_nocase(name, BYTES("cookie")))
		cookie_pass(p, value, false);
	else if (bytes_equal_nocase(name, BYTES("set-cookie")) || bytes_equal_nocase(name, BYTES("set-cookie2")))
		cookie_pass(p, value, true);
	else if (bytes_equal_nocase(name, BYTES("content-digest")) || bytes_equal_nocase(name, BYTES("digest")))
		redact_keep(p, value); /* looks like a secret and is compared with the content's, which is told */
	else if (secret_field_name(name))
		redact_hide(p, value);
	else
		return false;
	return true;
}

static struct redact_pass begin(struct redactor *r)
{
	text_buf_cut(&r->out, 0);
	return (struct redact_pass){.key = r->key, .out = &r->out};
}

static struct bytes result(struct redactor *r, const struct redact_pass *p, struct bytes original)
{
	if (r->out.failed)
		return BYTES("~");
	return p->changed ? text_buf_view(&r->out) : original;
}

/* Most URLs have none of the bytes that a secret needs around it. */
static bool is_plainly_harmless(struct bytes url)
{
	size_t scheme = bytes_starts_nocase(url, BYTES("http://"))    ? 5
			: bytes_starts_nocase(url, BYTES("https://")) ? 6
								      : 0;

	for (size_t i = scheme; i < url.len; i++) {
		if (strchr("?#;@&:", url.ptr[i])) /* NUL too: it costs a pass, no more */
			return false;
	}
	return true;
}

struct bytes redact_url(struct redactor *r, struct bytes url)
{
	struct redact_pass p;

	if (r->off || is_plainly_harmless(url))
		return url;
	p = begin(r);
	redact_url_pass(&p, url);
	return result(r, &p, url);
}

struct bytes redact_text(struct redactor *r, struct bytes text)
{
	struct redact_pass p = begin(r);

	if (r->off)
		return text;
	redact_text_pass(&p, text, false);
	return result(r, &p, text);
}

struct bytes redact_command(struct redactor *r, struct bytes command)
{
	struct redact_pass p = begin(r);

	if (r->off)
		return command;
	redact_text_pass(&p, command, true);
	return result(r, &p, command);
}

struct bytes redact_field(struct redactor *r, struct bytes name, struct bytes value)
{
	struct redact_pass p = begin(r);

	/* A host is no secret, as it is none in a URL, however random it looks. */
	if (r->off || bytes_equal_nocase(name, BYTES("host")))
		return value;
	if (!redact_named_field_pass(&p, name, value))
		redact_text_pass(&p, value, false);
	return result(r, &p, value);
}

struct bytes redact_content(struct redactor *r, struct bytes type, struct bytes content)
{
	struct redact_pass p = begin(r);

	redact_content_pass(&p, type, content);
	return result(r, &p, content);
}
