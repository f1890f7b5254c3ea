/* SPDX-License-Identifier: MIT
 *
 * The tables of secret.h. A name that is missing here is a leak in somebody's log: add it. */
#include "audit/secret.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

/* Compared in lower case; secret_suffixes catch what they can, so these are the rest. */
static const char *const secret_names[] = {
    "apikey",
    "appkey",
    "assertion",
    "auth",
    "authkey",
    "authorization",
    "awsaccesskeyid",
    "bearer",
    "code",
    "hmac",
    "jsessionid",
    "jwt",
    "key",
    "logintoken",
    "magic",
    "oauth_verifier",
    "code_verifier",
    "otp",
    "passcode",
    "passphrase",
    "passwd",
    "password",
    "phpsessid",
    "pin",
    "private_token",
    "privatekey",
    "pw",
    "pwd",
    "samlart",
    "samlrequest",
    "samlresponse",
    "secret",
    "secretkey",
    "session",
    "sessionid",
    "session_id",
    "sess",
    "sid",
    "sig",
    "ssid",
    "subscription-key",
    "ticket",
    "token",
    "totp",
    "wresult",
    "accesskey",
    "x-amz-credential",
    "x-goog-credential",
    "session-id",
    "asp.net_sessionid",
};

static const char *const secret_suffixes[] = {
    "token", "secret", "password", "passwd", "signature", "credential", "credentials", "_key",   "-key",      "_jwt",
    "-jwt",  "_pwd",   "-pwd",     "_auth",  "-auth",     "_sig",       "-sig",        "apikey", "sessionid", "sessid",
};

/* Key-like, but public by design: hiding them would hide what a redirect did. */
static const char *const public_fields[] = {
    "idempotency-key",   "x-idempotency-key", "idempotence-key", "x-idempotence-key",
    "sec-websocket-key", "surrogate-key",     "x-cache-key",     "cache-key",
};

static const char *const secret_fields[] = {
    "x-api-key",
    "api-key",
    "x-auth-token",
    "x-access-token",
    "x-csrf-token",
    "x-xsrf-token",
    "private-token",
    "x-vault-token",
    "x-amz-security-token",
    "x-goog-api-key",
    "ocp-apim-subscription-key",
    "dd-api-key",
    "x-shopify-access-token",
    "apikey",
    "x-apikey",
    "authentication-info",
    "proxy-authentication-info",
};

static const char *const field_suffixes[] = {"key", "token", "secret", "signature", "password"};

static const char *const known_prefixes[] = {
    "ghp_",     "gho_",  "ghs_", "ghu_", "github_pat_", "glpat-", "xoxb-", "xoxp-", "xoxa-", "sk_live_", "sk_test_",
    "rk_live_", "ya29.", "AKIA", "ASIA", "AIza",        "SG.",    "npm_",  "pypi-", "hvs.",  "dop_v1_",
};

static const char *const pair_options[] = {
    "-u", "--user", "-U", "--proxy-user", "-b", "--cookie", "--auth", "--proxy-auth", "-a",
};

static const char *const secret_options[] = {"--oauth2-bearer", "--bearer", "--pass"};

static bool is_in(const char *set, char c)
{
	return c != 0 && strchr(set, c);
}

static bool ends_nocase(struct bytes b, struct bytes suffix)
{
	return b.len >= suffix.len && bytes_equal_nocase(bytes_slice(b, b.len - suffix.len, b.len), suffix);
}

static bool is_one_of(struct bytes b, const char *const *names, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		if (bytes_equal_nocase(b, bytes_str(names[i])))
			return true;
	}
	return false;
}

static bool part_is_secret(struct bytes part)
{
	if (is_one_of(part, secret_names, COUNT(secret_names)))
		return true;
	for (size_t i = 0; i < COUNT(secret_suffixes); i++) {
		if (ends_nocase(part, bytes_str(secret_suffixes[i])))
			return true;
	}
	return false;
}

bool secret_parameter_name(struct bytes name)
{
	size_t from = 0;

	name = bytes_trim(name);
	if (part_is_secret(name))
		return true;
	for (size_t at = 0; at <= name.len; at++) {
		if (at < name.len && !is_in("[].:", name.ptr[at]))
			continue;
		if (at > from && part_is_secret(bytes_slice(name, from, at)))
			return true;
		from = at + 1;
	}
	return false;
}

bool secret_field_name(struct bytes name)
{
	if (is_one_of(name, public_fields, COUNT(public_fields)))
		return false;
	if (is_one_of(name, secret_fields, COUNT(secret_fields)))
		return true;
	for (size_t i = 0; i < COUNT(field_suffixes); i++) {
		struct bytes suffix = bytes_str(field_suffixes[i]);

		if (!ends_nocase(name, suffix))
			continue;
		if (name.len == suffix.len || is_in("-_", name.ptr[name.len - suffix.len - 1]))
			return true;
	}
	return false;
}

static bool is_alphanumeric(unsigned char c)
{
	return ascii_is_digit(c) || (unsigned char)(ascii_lower(c) - 'a') < 26;
}

static bool is_base64url(struct bytes b)
{
	for (size_t i = 0; i < b.len; i++) {
		if (!is_alphanumeric((unsigned char)b.ptr[i]) && !is_in("-_=", b.ptr[i]))
			return false;
	}
	return b.len > 0;
}

/* Three (JWS) or more (JWE) parts; the first is a JSON object in base64url and so begins with "eyJ". */
static bool looks_like_jwt(struct bytes value)
{
	size_t dot = bytes_find(value, '.');
	struct bytes rest = bytes_slice(value, dot + 1, value.len);

	if (!bytes_starts_nocase(value, BYTES("eyJ")) || dot == value.len)
		return false;
	return is_base64url(bytes_slice(value, 0, dot)) && is_base64url(bytes_slice(rest, 0, bytes_find(rest, '.')));
}

static bool has_known_prefix(struct bytes value)
{
	for (size_t i = 0; i < COUNT(known_prefixes); i++) {
		struct bytes prefix = bytes_str(known_prefixes[i]);

		if (value.len >= prefix.len + 12 && bytes_equal(bytes_slice(value, 0, prefix.len), prefix) &&
		    is_base64url(bytes_slice(value, prefix.len, prefix.len + 12)))
			return true;
	}
	return false;
}

/* Long, made of token bytes only, letters mixed with digits, and no words in between: a run of 24 without a separator,
 * or upper case, lower case and digits together. UUIDs, dates and slugs are not meant. */
static bool looks_random(struct bytes value)
{
	size_t run = 0, longest = 0;
	bool upper = false, lower = false, digit = false, path = false;

	if (value.len < 32)
		return false;
	for (size_t i = 0; i < value.len; i++) {
		unsigned char c = (unsigned char)value.ptr[i];

		if (!is_alphanumeric(c) && !is_in("-_.~+/=", (char)c))
			return false;
		digit |= ascii_is_digit(c);
		upper |= c >= 'A' && c <= 'Z';
		lower |= c >= 'a' && c <= 'z';
		path |= c == '/' || c == '.';
		run = is_alphanumeric(c) || c == '+' || c == '=' ? run + 1 : 0;
		longest = run > longest ? run : longest;
	}
	if (!digit || !(upper || lower))
		return false;
	return longest >= 24 || (upper && lower && !path);
}

bool secret_looking_value(struct bytes value)
{
	return looks_like_jwt(value) || has_known_prefix(value) || looks_random(value);
}

static bool is_option(struct bytes word, const char *const *options, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		if (bytes_equal(word, bytes_str(options[i])))
			return true;
	}
	return false;
}

enum option_word secret_option(struct bytes word)
{
	if (is_option(word, pair_options, COUNT(pair_options)))
		return OPTION_WORD_PAIR;
	if (is_option(word, secret_options, COUNT(secret_options)))
		return OPTION_WORD_SECRET;
	if (word.len > 2 && word.ptr[0] == '-' && word.ptr[1] == '-' && bytes_find(word, '=') == word.len &&
	    secret_parameter_name(bytes_slice(word, 2, word.len)))
		return OPTION_WORD_SECRET;
	return OPTION_WORD_PLAIN;
}
