/* SPDX-License-Identifier: MIT
 *
 * The page in the binary is the one in audit/ui, whole, and has nothing in it that a policy without inline script,
 * inline style and strangers' servers would have to forbid. */
#include "audit/ui/ui.h"

#include <dirent.h>
#include <openssl/evp.h>
#include <stdio.h>
#include <stdlib.h>

#include "tests/unit/audit/run_suite.h"

static bool ends_in(const char *name, const char *suffix)
{
	size_t len = strlen(name), end = strlen(suffix);

	return len > end && strcmp(name + len - end, suffix) == 0;
}

static struct bytes text_of(const struct ui_file *f)
{
	return bytes_of((const char *)f->data, f->len);
}

static bool holds(struct bytes text, const char *word)
{
	return memmem(text.ptr, text.len, word, strlen(word)) != NULL;
}

static void assert_as_in_folder(const char *name)
{
	const struct ui_file *f = ui_find(bytes_str(name));
	char path[4096];
	FILE *in;
	char *read;

	ck_assert_msg(f != NULL, "%s is not in the binary", name);
	snprintf(path, sizeof(path), SOURCE_DIR "/audit/ui/%s", name);
	in = fopen(path, "rb");
	ck_assert_ptr_nonnull(in);
	read = malloc(f->len + 1);
	ck_assert_msg(fread(read, 1, f->len + 1, in) == f->len, "%s has another length", name);
	ck_assert_msg(memcmp(read, f->data, f->len) == 0, "%s is another one", name);
	free(read);
	fclose(in);
}

START_TEST(every_file_of_the_page_is_in_the_binary_as_it_is)
{
	DIR *folder = opendir(SOURCE_DIR "/audit/ui");
	size_t count = 0;

	ck_assert_ptr_nonnull(folder);
	for (struct dirent *e; (e = readdir(folder)) != NULL;) {
		if (ends_in(e->d_name, ".html") || ends_in(e->d_name, ".css") || ends_in(e->d_name, ".js") ||
		    ends_in(e->d_name, ".json")) {
			assert_as_in_folder(e->d_name);
			count++;
		}
	}
	closedir(folder);
	ck_assert_uint_eq(count, ui_file_count);
	ck_assert_ptr_nonnull(ui_find(bytes_str(UI_PAGE)));
}
END_TEST

START_TEST(what_is_no_file_of_the_page_is_not_found)
{
	ck_assert_ptr_null(ui_find(BYTES("")));
	ck_assert_ptr_null(ui_find(BYTES("main")));
	ck_assert_ptr_null(ui_find(BYTES("main.js\0")));
	ck_assert_ptr_null(ui_find(BYTES("../ui.c")));
	ck_assert_ptr_null(ui_find(BYTES("ui.c")));
}
END_TEST

START_TEST(types_follow_the_names)
{
	ck_assert_str_eq(ui_find(bytes_str(UI_PAGE))->type, "text/html; charset=utf-8");
	ck_assert_str_eq(ui_find(BYTES("main.js"))->type, "text/javascript; charset=utf-8");
	ck_assert_str_eq(ui_find(BYTES("base.css"))->type, "text/css; charset=utf-8");
}
END_TEST

START_TEST(the_digest_is_that_of_the_file)
{
	for (size_t i = 0; i < ui_file_count; i++) {
		unsigned char digest[32];
		char hex[65];

		ck_assert_int_eq(EVP_Digest(ui_files[i].data, ui_files[i].len, digest, NULL, EVP_sha256(), NULL), 1);
		for (size_t j = 0; j < sizeof(digest); j++)
			snprintf(hex + 2 * j, 3, "%02x", digest[j]);
		ck_assert_str_eq(ui_files[i].sha256, hex);
	}
}
END_TEST

/* Each name in quotes behind `before` that is there in a file must be a file of the page. */
static size_t assert_named_files(const struct ui_file *f, const char *before)
{
	struct bytes text = text_of(f);
	size_t count = 0;

	for (size_t at = 0; at < text.len;) {
		const char *found = memmem(text.ptr + at, text.len - at, before, strlen(before));
		const char *end;

		if (!found)
			break;
		found += strlen(before);
		end = memchr(found, '"', (size_t)(text.ptr + text.len - found));
		ck_assert_ptr_nonnull(end);
		ck_assert_msg(ui_find(bytes_of(found, (size_t)(end - found))) != NULL,
			      "%s names %.*s, which is not there", f->name, (int)(end - found), found);
		at = (size_t)(end - text.ptr);
		count++;
	}
	return count;
}

START_TEST(every_file_that_a_file_names_is_there)
{
	size_t count = 0;

	for (size_t i = 0; i < ui_file_count; i++)
		count += assert_named_files(&ui_files[i], "\"/assets/") + assert_named_files(&ui_files[i], "from \"./");
	ck_assert_uint_gt(count, ui_file_count);
}
END_TEST

/* What could make markup, or code, of a text; and what asks somebody else. */
static const char *const forbidden[] = {"innerHTML",
					"outerHTML",
					"insertAdjacentHTML",
					"document.write",
					"DOMParser",
					"createContextualFragment",
					"srcdoc",
					"eval(",
					"new Function",
					"setTimeout(\"",
					"javascript:",
					"http-equiv",
					"<style",
					"style=\"",
					"<iframe",
					"@import",
					"url(http",
					"setAttribute(\"on",
					NULL};

START_TEST(no_file_makes_markup_of_text_or_asks_another_server)
{
	for (size_t i = 0; i < ui_file_count; i++) {
		struct bytes text = text_of(&ui_files[i]);

		for (const char *const *word = forbidden; *word; word++)
			ck_assert_msg(!holds(text, *word), "%s holds %s", ui_files[i].name, *word);
		ck_assert_msg(ends_in(ui_files[i].name, ".json") || !holds(text, "https://"), "%s names another server",
			      ui_files[i].name);
	}
	ck_assert(!holds(text_of(ui_find(bytes_str(UI_PAGE))), "<script>"));
	ck_assert(!holds(text_of(ui_find(bytes_str(UI_PAGE))), "onclick"));
}
END_TEST

int main(void)
{
	const TTest *const tests[] = {every_file_of_the_page_is_in_the_binary_as_it_is,
				      what_is_no_file_of_the_page_is_not_found,
				      types_follow_the_names,
				      the_digest_is_that_of_the_file,
				      every_file_that_a_file_names_is_there,
				      no_file_makes_markup_of_text_or_asks_another_server,
				      NULL};
	return run_suite("ui", tests, NULL, NULL);
}
