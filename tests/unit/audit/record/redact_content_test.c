/* SPDX-License-Identifier: MIT
 *
 * Redaction of contents, as a table: what goes in and what must come out, where <x> stands for the keyed digest of x. A
 * secret must stay hidden wherever its content is cut. */
#include "audit/record/redact.h"

#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <stdio.h>

#include "tests/unit/audit/run_suite.h"

#define FORM "application/x-www-form-urlencoded"
#define JSON "application/json; charset=utf-8"
#define PARTS "multipart/form-data; boundary=\"b d\""
#define LONG "s3cr3tS3cr3ts3cr3tS3cr3t"

static const uint8_t key[REDACTION_KEY_BYTES] = "0123456789abcdef0123456789abcde";

static const struct row {
	const char *type;
	const char *in;
	const char *out; /* NULL: the same */
} rows[] = {
    {FORM, "amount=12&to=a%20b", NULL},
    {FORM, "user=a&password=pw&x=1", "user=a&password=<pw>&x=1"},
    {FORM, "user%5Bpassword%5D=pw%21&x", "user%5Bpassword%5D=<pw!>&x"},
    {FORM, "next=https%3A%2F%2Fa%2F%3Ftoken%3Dt", "next=<https://a/?token=t>"},

    {JSON, "{\"a\": 1, \"b\": [true, null, -1.5e3, \"text\"], \"c\": {}}", NULL},
    {JSON, "{\"password\":\"pw\",\"a\":\"b\"}", "{\"password\":\"<pw>\",\"a\":\"b\"}"},
    {JSON, "{\"access_token\" : \"pw\" }", "{\"access_token\" : \"<pw>\" }"},
    {JSON, "{\"box\":{\"x\":1},\"token\":1234,\"b\":5}", "{\"box\":{\"x\":1},\"token\":\"<1234>\",\"b\":5}"},
    {JSON, "{\"client_secret\":[\"x\",{\"y\":\"z\",\"n\":7}],\"b\":\"x\"}",
     "{\"client_secret\":[\"<x>\",{\"y\":\"<z>\",\"n\":\"<7>\"}],\"b\":\"x\"}"},
    {JSON, "{\"secret\":null,\"password\":true,\"b\":\"c\"}", NULL},
    {JSON, "{\"pass\\u0077ord\":\"p\\\"w\\u00e9\"}", "{\"pass\\u0077ord\":\"<p\"w\xc3\xa9>\"}"},
    {JSON, "{\"url\":\"https:\\/\\/a\\/cb?x=1\\u0026token=t\"}", "{\"url\":\"<https://a/cb?x=1&token=t>\"}"},
    {JSON, "{\"note\":\"a\\nb\\\\c \\ud83d\\ude00\"}", NULL},
    {JSON, "[\"" LONG LONG "\"]", "[\"<" LONG LONG ">\"]"},
    {JSON, ")]}',\n{\"token\":\"t\"}", ")]}',\n{\"token\":\"<t>\"}"},
    {JSON, "{\"token\":\"cut of", "{\"token\":\"<cut of>"},
    {JSON, "{\"token\":\"a\"}\n{\"token\":\"b\"}\n", "{\"token\":\"<a>\"}\n{\"token\":\"<b>\"}\n"},
    {"application/problem+json", "{\"token\":\"t\"}", "{\"token\":\"<t>\"}"},
    {"", " {\"token\":\"t\"}", " {\"token\":\"<t>\"}"}, /* by how it begins */
    {"text/plain", "[info] Authorization: Bearer abc.def", "[info] Authorization: Bearer <abc.def>"},
    {"text/html", "<p>to pay: 12</p>\n<a href=/x>y</a>", NULL},

    {PARTS,
     "--b d\r\nContent-Disposition: form-data; name=\"password\"\r\n\r\npw\r\n--b d\r\n"
     "content-disposition: form-data; name=a\r\n\r\n1\r\n--b d--\r\n",
     "--b d\r\nContent-Disposition: form-data; name=\"password\"\r\n\r\n<pw>\r\n--b d\r\n"
     "content-disposition: form-data; name=a\r\n\r\n1\r\n--b d--\r\n"},
    {PARTS,
     "--b d\r\nContent-Disposition: form-data; name=\"f\"\r\nContent-Type: application/json\r\n\r\n"
     "{\"token\":\"t\"}\r\n--b d--",
     "--b d\r\nContent-Disposition: form-data; name=\"f\"\r\nContent-Type: application/json\r\n\r\n"
     "{\"token\":\"<t>\"}\r\n--b d--"},

    {"image/png", "\x89PNG\r\n\xff token=t", NULL},
};

static void add_digest(struct text_buf *t, struct bytes secret)
{
	uint8_t mac[EVP_MAX_MD_SIZE];

	ck_assert_ptr_nonnull(HMAC(EVP_sha256(), key, sizeof(key), (const uint8_t *)secret.ptr, secret.len, mac, NULL));
	text_buf_add_char(t, '~');
	text_buf_add_hex(t, mac, 8);
}

static void expand(struct text_buf *t, const char *template)
{
	while (*template) {
		size_t len = strcspn(template, ">");

		if (*template == '<') {
			add_digest(t, bytes_of(template + 1, len - 1));
			template += len + 1;
		} else {
			text_buf_add_char(t, *template ++);
		}
	}
	text_buf_add_char(t, 0);
}

START_TEST(secrets_of_contents_are_hidden_and_nothing_else)
{
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const struct row *row = &rows[i];
		struct text_buf expected = {0};
		struct redactor r;
		struct bytes out;

		redactor_init(&r, key);
		out = redact_content(&r, bytes_str(row->type), bytes_str(row->in));
		if (row->out) {
			expand(&expected, row->out);
			ck_assert_msg(bytes_equal(out, bytes_of(expected.ptr, expected.len - 1)),
				      "%s\ngave %.*s\nnot %s", row->in, (int)out.len, out.ptr, expected.ptr);
		} else {
			ck_assert_msg(bytes_equal(out, bytes_str(row->in)), "%s\ngave %.*s", row->in, (int)out.len,
				      out.ptr);
		}
		text_buf_free(&expected);
		redactor_free(&r);
	}
}
END_TEST

START_TEST(a_secret_stays_hidden_wherever_its_content_is_cut)
{
	static const char *const contents[][2] = {
	    {JSON, "{\"a\":[1,{\"password\":\"HUNTER2HUNTER2\"}],\"token\":{\"x\":[\"HUNTER2\",\"HUNTER2\"]}}"},
	    {JSON, "{\"pass\\u0077ord\" : \"HUNTER2\\u0041HUNTER2\"}"},
	    {FORM, "a=b&password=HUNTER2HUNTER2&c=d"},
	    {PARTS, "--b d\r\nContent-Disposition: form-data; name=\"password\"\r\n\r\nHUNTER2HUNTER2\r\n--b d--"},
	};

	for (size_t i = 0; i < sizeof(contents) / sizeof(contents[0]); i++) {
		struct bytes content = bytes_str(contents[i][1]);

		for (size_t cut = 0; cut <= content.len; cut++) {
			struct redactor r;
			struct bytes out;

			redactor_init(&r, key);
			out = redact_content(&r, bytes_str(contents[i][0]), bytes_slice(content, 0, cut));
			ck_assert_msg(out.len == 0 || !memmem(out.ptr, out.len, "HUN", 3), "%s cut at %zu: %.*s",
				      contents[i][1], cut, (int)out.len, out.ptr);
			redactor_free(&r);
		}
	}
}
END_TEST

START_TEST(long_hostile_contents_take_linear_time)
{
	static const char *const patterns[] = {"[",         "{\"token\":", "\"\\u0041", "\\",
					       "--b d\r\n", "\"a\"",       "a=b&",      "\r\n"};
	static const char *const types[] = {JSON, FORM, PARTS, "text/plain"};

	for (size_t i = 0; i < sizeof(patterns) / sizeof(patterns[0]); i++) {
		struct text_buf content = {0};
		struct redactor r;

		redactor_init(&r, key);
		while (content.len < 65536)
			text_buf_add_str(&content, patterns[i]);
		for (size_t k = 0; k < sizeof(types) / sizeof(types[0]); k++)
			(void)redact_content(&r, bytes_str(types[k]), text_buf_view(&content));
		text_buf_free(&content);
		redactor_free(&r);
	}
}
END_TEST

int main(void)
{
	const TTest *const tests[] = {secrets_of_contents_are_hidden_and_nothing_else,
				      a_secret_stays_hidden_wherever_its_content_is_cut,
				      long_hostile_contents_take_linear_time, NULL};

	return run_suite("redact_content", tests, NULL, NULL);
}
