/* SPDX-License-Identifier: MIT
 *
 * Redaction, as tables: what goes in and what must come out, where {x} stands for the keyed digest of x. The digest is
 * computed here by libcrypto alone. */
#include "audit/record/redact.h"

#include <check.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <stdio.h>

static const uint8_t key[REDACTION_KEY_BYTES] = "0123456789abcdef0123456789abcde";

struct row {
	const char *in;
	const char *out; /* NULL: the same */
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
		if (*template == '{') {
			size_t len = strcspn(template + 1, "}");

			add_digest(t, bytes_of(template + 1, len));
			template += len + 2;
		} else {
			text_buf_add_char(t, *template ++);
		}
	}
	text_buf_add_char(t, 0);
}

typedef struct bytes redact_function(struct redactor *r, struct bytes in);

static void check_row(redact_function *function, const struct row *row)
{
	struct redactor r;
	struct text_buf expected = {0};
	char result[4096];
	struct bytes out;

	redactor_init(&r, key);
	if (row->out)
		expand(&expected, row->out);
	out = function(&r, bytes_str(row->in));
	snprintf(result, sizeof(result), "%.*s", (int)out.len, out.ptr ? out.ptr : "");
	if (row->out)
		ck_assert_str_eq(result, expected.ptr);
	else
		ck_assert_ptr_eq(out.ptr, row->in);
	text_buf_free(&expected);
	redactor_free(&r);
}

#define JWT "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2lnbmF0dXJl"
#define HEX32 "0123456789abcdef0123456789abcdef"

static const struct row urls[] = {
    /* nothing to hide: the very same bytes come back */
    {"http://a/pay", NULL},
    {"http://127.0.0.1:8080/a/b;v=1?x=1&y=two#top", NULL},
    {"http://[2001:db8::1]:80/a?x=[1]", NULL},
    {"/v2/pay?order=17", NULL},
    {"?", NULL},
    {"", NULL},
    {"mailto:joe@example.com", NULL},
    {"http://a/@scope/page", NULL},
    {"http://a/?id=123e4567-e89b-12d3-a456-426614174000", NULL},
    {"http://a/?slug=2024-01-01-a-long-title-without-secrets", NULL},
    {"http://a/?u=http%3A%2F%2Fb%2Fc%3Fx%3D1", NULL},
    {"a.example:443", NULL},
    {"*", NULL},
    {"http://a/?monkey=1&tokens=2&keyboard=3", NULL},
    {"http://a/?token=", NULL},
    /* userinfo, however it is written */
    {"http://joe:pw@a/x", "http://{joe}:{pw}@a/x"},
    {"http://joe@a/x", "http://{joe}@a/x"},
    {"http://:pw@a/x", "http://:{pw}@a/x"},
    {"http://joe:p%40w@a/", "http://{joe}:{p@w}@a/"},
    {"http://joe:p@w@a/", "http://{joe}:{p@w}@a/"},
    {"//joe:pw@a/x", "//{joe}:{pw}@a/x"},
    {"HTTP://joe:pw@a", "HTTP://{joe}:{pw}@a"},
    {"http:\\\\joe:pw@a\\x", "http:\\\\{joe}:{pw}@a\\x"},
    {"http:/joe:pw@a/", "http:/{joe}:{pw}@a/"},
    {"http:joe:pw@a/", "http:{joe}:{pw}@a/"},
    {"/\t/joe:pw@a/", "/\t/{joe}:{pw}@a/"},
    {"h\tttp://joe:pw@a/", "h\tttp://{joe}:{pw}@a/"},
    {"http:///joe:pw@a/", "http:///{joe}:{pw}@a/"},
    {"joe:pw@a:443", "{joe}:{pw}@a:443"},
    {"ssh://git:pw@a/x", "ssh://{git}:{pw}@a/x"},
    {"http://joe:p/w@a/", "http://{joe}:{p/w}@a/"},
    {"http://joe:p?w@a/x?y=1", "http://{joe}:{p?w}@a/x?y=1"},
    {"http://joe:p#w@a/x", "http://{joe}:{p#w}@a/x"},
    {"http://a:secret/x", "http://a:{secret}/x"},
    {"/http://joe:pw@b/", "/http://{joe}:{pw}@b/"},
    {"http://a/http://joe:pw@b/?c=1", "http://a/http://{joe}:{pw}@b/?c=1"},
    /* parameters by name */
    {"http://a/?access_token=x&y=1", "http://a/?access_token={x}&y=1"},
    {"/cb?code=4/P7q&state=s", "/cb?code={4/P7q}&state=s"},
    {"?Token=x", "?Token={x}"},
    {"?to%6ben=x", "?to%6ben={x}"},
    {"?client_secret=a%20b", "?client_secret={a b}"},
    {"?user[password]=x", "?user[password]={x}"},
    {"?user%5Bpassword%5D=x", "?user%5Bpassword%5D={x}"},
    {"?csrf-token=x&my_key=y&db-password=z", "?csrf-token={x}&my_key={y}&db-password={z}"},
    {"?accessToken=x", "?accessToken={x}"},
    {"?SAMLResponse=PHNhbWw%2B", "?SAMLResponse={PHNhbWw+}"},
    {"?X-Amz-Signature=ab&X-Amz-Credential=c/d&X-Amz-Date=1",
     "?X-Amz-Signature={ab}&X-Amz-Credential={c/d}&X-Amz-Date=1"},
    {"?a=1;token=x", "?a=1;token={x}"},
    {"?token=x;y", "?token={x;y}"},
    {"?token=x&token=y", "?token={x}&token={y}"},
    {"?token=x?y=1", "?token={x?y=1}"},
    {"?a=b?sid=x", "?a=b?sid={x}"},
    {"?jwt", NULL},
    /* fragments are queries too */
    {"http://a/cb#access_token=x&token_type=bearer", "http://a/cb#access_token={x}&token_type=bearer"},
    {"http://a/#/route?token=x", "http://a/#/route?token={x}"},
    {"http://a/?token=x#frag", "http://a/?token={x}#frag"},
    {"http://a/?a=1#token=x", "http://a/?a=1#token={x}"},
    /* path parameters */
    {"http://a/x;jsessionid=12?b=1", "http://a/x;jsessionid={12}?b=1"},
    {"http://a/x;v=1;token=2/y", "http://a/x;v=1;token={2}/y"},
    /* values by their looks */
    {"?x=" JWT, "?x={" JWT "}"},
    {"?" JWT, "?{" JWT "}"},
    {"?" JWT "=1", "?{" JWT "}=1"},
    {"?x=" HEX32, "?x={" HEX32 "}"},
    {"?x=ghp_abcdefghij0123456789", "?x={ghp_abcdefghij0123456789}"},
    {"?x=Zm9vYmFyLWJhei1xdXV4LTEyMzQ1Njc4OTA%3D", "?x={Zm9vYmFyLWJhei1xdXV4LTEyMzQ1Njc4OTA=}"},
    /* values that hold URLs, parameters or JSON with a secret are hidden whole */
    {"?u=http%3A%2F%2Fjoe%3Apw%40b%2F", "?u={http://joe:pw@b/}"},
    {"?u=http://b/?x=1%26token=2", "?u=http://b/?x={1&token=2}"},
    {"?u=%2Fcb%3Fcode%3D1", "?u={/cb?code=1}"},
    {"?u=http%253A%252F%252Fb%252F%253Fsid%253D1", "?u={http%3A%2F%2Fb%2F%3Fsid%3D1}"},
    {"?u=a%3D1%26token%3D2", "?u={a=1&token=2}"},
    {"?j=%7B%22token%22%3A%22x%22%7D", "?j={{\"token\":\"x\"}"},
    {"?j=%7B%22page%22%3A%22x%22%7D", NULL},
};

START_TEST(secrets_of_urls_are_hidden_and_nothing_else)
{
	struct row row = urls[_i];

	if (row.out && strstr(row.out, "{{")) { /* a secret with braces of its own */
		struct redactor r;
		struct text_buf expected = {0};
		struct bytes out;

		redactor_init(&r, key);
		TEXT_BUF_LITERAL(&expected, "?j=");
		add_digest(&expected, BYTES("{\"token\":\"x\"}"));
		out = redact_url(&r, bytes_str(row.in));
		ck_assert(bytes_equal(out, text_buf_view(&expected)));
		text_buf_free(&expected);
		redactor_free(&r);
		return;
	}
	check_row(redact_url, &row);
}
END_TEST

static const struct row texts[] = {
    {"a 307 keeps the method; the client changed it", NULL},
    {"GET http://a/v2/pay without a body", NULL},
    {"Basic authentication is not a token", NULL},
    {"digest " HEX32 HEX32 " of 11 bytes", NULL},
    {"see https://example.com/x.", NULL},
    {"mail joe@example.com", NULL},
    {"POST http://joe:pw@a/x, then GET", "POST http://{joe}:{pw}@a/x, then GET"},
    {"(http://a/?token=x)", "(http://a/?token={x})"},
    {"\"/cb?code=1\"", "\"/cb?code={1}\""},
    {"seen: token=x y=1", "seen: token={x} y=1"},
    {"Authorization: Bearer abc", "Authorization: Bearer {abc}"},
    {"Authorization: abc", "Authorization: {abc}"},
    {"authorization:abc def", "authorization:{abc} def"},
    {"Cookie: a=1; b=2 done", "Cookie: a={1}; b={2} done"},
    {"X-Api-Key: abc", "X-Api-Key: {abc}"},
    {"Authorization: Digest username=\"x\", response=\"y\" end",
     "Authorization: Digest {username=\"x}\", {response=\"y}\" end"},
    {"sent Bearer aB3dE5gH9k", "sent Bearer {aB3dE5gH9k}"},
    {"the word " JWT " there", "the word {" JWT "} there"},
    {"joe:pw@a:443", "{joe}:{pw}@a:443"},
};

START_TEST(secrets_of_free_text_are_hidden_and_nothing_else)
{
	check_row(redact_text, &texts[_i]);
}
END_TEST

static const struct row commands[] = {
    {"pytest -q tests", NULL},
    {"python -u script.py --verbose", NULL},
    {"sort -u names.txt", NULL},
    {"curl -L http://a/pay -d x=1", NULL},
    {"curl -u joe:pw http://a/", "curl -u joe:{pw} http://a/"},
    {"curl --user joe:pw http://b:c@a/", "curl --user joe:{pw} http://{b}:{c}@a/"},
    {"drive --token abc --url http://a/", "drive --token {abc} --url http://a/"},
    {"drive --token=abc", "drive --token={abc}"},
    {"drive --password --next", NULL},
    {"env API_KEY=abc ./run", "env API_KEY={abc} ./run"},
    {"curl -H 'Authorization: Bearer abc' http://a/", "curl -H 'Authorization: Bearer {abc}' http://a/"},
    {"curl -H Authorization: Basic abc http://a/", "curl -H Authorization: Basic {abc} http://a/"},
    {"curl -H X-Api-Key:abc http://a/", "curl -H X-Api-Key:{abc} http://a/"},
    {"curl -b sid=abc http://a/", "curl -b sid={abc} http://a/"},
    {"sh -c \"curl --url=http://a/?sid=1\"", "sh -c \"curl --url=http://a/?sid={1}\""},
};

START_TEST(secrets_of_command_lines_are_hidden_and_nothing_else)
{
	check_row(redact_command, &commands[_i]);
}
END_TEST

static const struct {
	const char *name;
	struct row value;
} fields[] = {
    {"Accept", {"text/html", NULL}},
    {"Authorization", {"Bearer abc", "Bearer {abc}"}},
    {"authorization", {"Digest username=\"x\", nonce=\"y\"", "Digest {username=\"x\", nonce=\"y\"}"}},
    {"Proxy-Authorization", {"Basic abc", "Basic {abc}"}},
    {"Authorization", {"abc", "{abc}"}},
    {"Cookie", {"a=1; b=2=3", "a={1}; b={2=3}"}},
    {"Cookie", {"a=1; lonely", "a={1}; {lonely}"}},
    {"Set-Cookie", {"sid=1; Path=/; HttpOnly", "sid={1}; Path=/; HttpOnly"}},
    {"X-Api-Key", {"abc", "{abc}"}},
    {"X-Goog-Api-Key", {"abc", "{abc}"}},
    {"X-My-Secret", {"abc", "{abc}"}},
    {"Monkey", {"abc", NULL}},
    {"Idempotency-Key", {"k1", NULL}},
    {"Sec-WebSocket-Key", {"k1", NULL}},
    {"Location", {"/cb?code=1", "/cb?code={1}"}},
    {"Referer", {"http://joe:pw@a/", "http://{joe}:{pw}@a/"}},
    {"Refresh", {"0; url=/cb?code=1", "0; url=/cb?code={1}"}},
};

START_TEST(secrets_of_fields_are_hidden_by_the_fields_name)
{
	char own[256]; /* equal literals may be one object */
	struct redactor r;
	struct text_buf expected = {0};
	struct bytes out;

	snprintf(own, sizeof(own), "%s", fields[_i].value.in);
	redactor_init(&r, key);
	expand(&expected, fields[_i].value.out ? fields[_i].value.out : own);
	out = redact_field(&r, bytes_str(fields[_i].name), bytes_str(own));
	ck_assert_uint_eq(out.len, strlen(expected.ptr));
	ck_assert_mem_eq(out.ptr, expected.ptr, out.len);
	text_buf_free(&expected);
	redactor_free(&r);
}
END_TEST

START_TEST(equal_secrets_have_equal_digests_wherever_they_stand)
{
	struct redactor r;
	char query[64], header[64];
	struct bytes out;

	redactor_init(&r, key);
	out = redact_url(&r, BYTES("?access_token=a%62c"));
	snprintf(query, sizeof(query), "%.*s", 17, out.ptr + strlen("?access_token="));
	out = redact_field(&r, BYTES("Authorization"), BYTES("Bearer abc"));
	snprintf(header, sizeof(header), "%.*s", 17, out.ptr + strlen("Bearer "));
	ck_assert_str_eq(query, header);
	redactor_free(&r);
}
END_TEST

START_TEST(another_key_gives_another_digest)
{
	static const uint8_t other[REDACTION_KEY_BYTES] = "other";
	struct redactor r;
	char first[64];
	struct bytes out;

	redactor_init(&r, key);
	out = redact_url(&r, BYTES("?token=abc"));
	snprintf(first, sizeof(first), "%.*s", (int)out.len, out.ptr);
	redactor_free(&r);
	redactor_init(&r, other);
	out = redact_url(&r, BYTES("?token=abc"));
	ck_assert_uint_eq(out.len, strlen(first));
	ck_assert_mem_ne(out.ptr, first, out.len);
	redactor_free(&r);
}
END_TEST

/* A secret behind any wrapping of hostile bytes must not come through, whatever else does. */
START_TEST(a_secret_survives_no_wrapping)
{
	static const char *const before[] = {"",           "http://a/", "//",      "http://a/?", "http://a/?x=",
					     "http://a/#", ";",         "?a;",     "?a?",        "http://a/?x=%2526",
					     "%00",        "?[",        "?x=y%26", "\\\\",       "http://[::1]/?"};
	static const char *const behind[] = {"", "&x=1", "#f", ";y", "%", "%0", "%zz", "\xff", "?", "\\"};
	struct redactor r;

	redactor_init(&r, key);
	for (size_t i = 0; i < sizeof(before) / sizeof(before[0]); i++) {
		for (size_t j = 0; j < sizeof(behind) / sizeof(behind[0]); j++) {
			char url[256];
			struct bytes out;
			int len;

			len = snprintf(url, sizeof(url), "%s?password=HUNTER2%s", before[i], behind[j]);
			out = redact_url(&r, bytes_of(url, (size_t)len));
			ck_assert_msg(!memmem(out.ptr, out.len, "HUNTER2", 7), "%s -> %.*s", url, (int)out.len,
				      out.ptr);
			len = snprintf(url, sizeof(url), "%shttp://u:HUNTER2@h/%s", before[i], behind[j]);
			out = redact_url(&r, bytes_of(url, (size_t)len));
			ck_assert_msg(!memmem(out.ptr, out.len, "HUNTER2", 7), "%s -> %.*s", url, (int)out.len,
				      out.ptr);
		}
	}
	redactor_free(&r);
}
END_TEST

/* Time is bounded by the length: 64 KiB of the worst bytes take milliseconds, not minutes. */
START_TEST(long_hostile_urls_take_linear_time)
{
	static const char *const patterns[] = {";",  "::",   "?a", "=",         "%25",    "//",
					       "@:", "&a=b", "\"", "x=%2f%2f?", "{\"a\":"};
	struct redactor r;

	redactor_init(&r, key);
	for (size_t i = 0; i < sizeof(patterns) / sizeof(patterns[0]); i++) {
		struct text_buf url = {0};

		TEXT_BUF_LITERAL(&url, "http://a/?q=");
		while (url.len < 65536)
			text_buf_add_str(&url, patterns[i]);
		(void)redact_url(&r, text_buf_view(&url));
		(void)redact_text(&r, text_buf_view(&url));
		(void)redact_url(&r, bytes_slice(text_buf_view(&url), 12, url.len));
		text_buf_free(&url);
	}
	redactor_free(&r);
}
END_TEST

#define ROWS(table) (int)(sizeof(table) / sizeof((table)[0]))

int main(void)
{
	Suite *suite = suite_create("redact");
	TCase *tcase = tcase_create("redact");
	SRunner *runner = srunner_create(suite);
	int failed;

	tcase_set_timeout(tcase, 60); /* sanitizers are slow */
	tcase_add_loop_test(tcase, secrets_of_urls_are_hidden_and_nothing_else, 0, ROWS(urls));
	tcase_add_loop_test(tcase, secrets_of_free_text_are_hidden_and_nothing_else, 0, ROWS(texts));
	tcase_add_loop_test(tcase, secrets_of_command_lines_are_hidden_and_nothing_else, 0, ROWS(commands));
	tcase_add_loop_test(tcase, secrets_of_fields_are_hidden_by_the_fields_name, 0, ROWS(fields));
	tcase_add_test(tcase, equal_secrets_have_equal_digests_wherever_they_stand);
	tcase_add_test(tcase, another_key_gives_another_digest);
	tcase_add_test(tcase, a_secret_survives_no_wrapping);
	tcase_add_test(tcase, long_hostile_urls_take_linear_time);
	suite_add_tcase(suite, tcase);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed != 0;
}
