/* SPDX-License-Identifier: MIT
 *
 * Copies of events stay whole when all that they were made of is gone. */
#include "audit/record/event_copy.h"

#include <stdlib.h>

#include "audit/record/event_json.h"
#include "tests/unit/audit/run_suite.h"
#include "tests/unit/audit/sample_events.h"

static void *from_heap(void *arg, size_t size)
{
	(void)arg;
	return malloc(size);
}

static void *from_nowhere(void *arg, size_t size)
{
	ck_assert_uint_gt(size, sizeof(struct event_copy));
	(*(unsigned *)arg)++;
	return NULL;
}

/* The line that an event gives, which shows every byte of it. */
static struct text_buf line_of(const struct audit_event *e)
{
	static const uint8_t key[REDACTION_KEY_BYTES] = {7};
	const struct line_facts facts = {.lost = 0};
	struct event_writer writer;
	struct text_buf line = {0};

	event_writer_init(&writer, key);
	event_write(&writer, e, &facts, &line);
	event_writer_free(&writer);
	return line;
}

static struct bytes move_to_heap(struct bytes b)
{
	char *copy = b.len > 0 ? malloc(b.len) : NULL;

	if (b.len > 0)
		memcpy(copy, b.ptr, b.len);
	return bytes_of(copy, b.len);
}

START_TEST(a_copy_gives_the_same_line_for_every_type)
{
	struct audit_event events[EVENT_TYPE_COUNT];
	struct exchange_facts facts[2];

	sample_all(events, facts);
	for (unsigned i = 0; i < EVENT_TYPE_COUNT; i++) {
		struct event_copy *copy = event_copy_make(&events[i], from_heap, NULL);
		struct text_buf original = line_of(&events[i]), copied;

		ck_assert_ptr_nonnull(copy);
		copied = line_of(&copy->event);
		ck_assert(bytes_equal(text_buf_view(&original), text_buf_view(&copied)));
		text_buf_free(&original);
		text_buf_free(&copied);
		free(copy);
	}
}
END_TEST

/* Every view that the log shows is inside the block: what is outside would be freed or overwritten by then. */
START_TEST(a_copy_points_to_nothing_outside_but_static_texts)
{
	struct exchange_facts facts = sample_exchange(1, "POST", "http://a/", 307);
	struct audit_event e = {.type = EVENT_REDIRECT_OBSERVED, .observed = {.redirect = 1, .request = &facts}};
	struct event_copy *copy;
	char *fields[2];

	facts.has_location = true;
	facts.location = move_to_heap(BYTES("/b"));
	e.observed.target = move_to_heap(BYTES("http://a/b"));
	fields[0] = (char *)facts.location.ptr;
	fields[1] = (char *)e.observed.target.ptr;
	copy = event_copy_make(&e, from_heap, NULL);
	ck_assert_ptr_nonnull(copy);
	memset(fields[0], 'x', facts.location.len);
	memset(fields[1], 'x', e.observed.target.len);
	for (unsigned i = 0; i < 2; i++)
		free(fields[i]);
	memset(&facts, 0xff, sizeof(facts));
	ck_assert(bytes_equal(copy->event.observed.request->location, BYTES("/b")));
	ck_assert(bytes_equal(copy->event.observed.target, BYTES("http://a/b")));
	ck_assert(copy->event.observed.target.ptr >= (char *)copy &&
		  copy->event.observed.target.ptr < (char *)copy + copy->size);
	free(copy);
}
END_TEST

START_TEST(of_an_exchange_that_was_told_a_copy_keeps_what_is_new)
{
	struct exchange_facts facts = sample_exchange(1, "POST", "http://a/", 307);
	struct exchange_facts follow = sample_exchange(2, "POST", "http://a/b", 200);
	struct audit_event e = {.type = EVENT_REDIRECT_FOLLOWED,
				.followed = {.redirect = 1, .request = &facts, .follow = &follow}};
	struct audit_event closed = {.type = EVENT_REDIRECT_CLOSED, .closed = {.redirect = 1, .request = &facts}};
	struct event_copy *copy = event_copy_make(&e, from_heap, NULL);

	ck_assert_uint_eq(copy->event.followed.request->exchange, 1);
	ck_assert_uint_eq(copy->event.followed.request->url.len, 0);
	ck_assert_ptr_null(copy->event.followed.request->response_fields);
	ck_assert_ptr_null(copy->event.followed.follow->fields);
	ck_assert(field_has(copy->event.followed.follow->response_fields, "cache-control"));
	free(copy);
	copy = event_copy_make(&closed, from_heap, NULL);
	ck_assert_ptr_null(copy->event.closed.request);
	free(copy);
	facts.content_news = true;
	copy = event_copy_make(&closed, from_heap, NULL);
	ck_assert_uint_eq(copy->event.closed.request->request.length, 11);
	free(copy);
}
END_TEST

START_TEST(texts_that_are_not_promised_to_be_static_are_copied)
{
	char reason[] = "window over";
	struct audit_event e = {.type = EVENT_REDIRECT_CLOSED, .closed = {1, 1, 1, OUTCOME_NOT_FOLLOWED, reason}};
	struct event_copy *copy = event_copy_make(&e, from_heap, NULL);

	ck_assert_ptr_nonnull(copy);
	memset(reason, 'x', sizeof(reason) - 1);
	ck_assert_str_eq(copy->event.closed.reason, "window over");
	free(copy);
}
END_TEST

START_TEST(without_memory_there_is_no_copy)
{
	struct audit_event e = sample_run_started();
	unsigned asked = 0;

	ck_assert_ptr_null(event_copy_make(&e, from_nowhere, &asked));
	ck_assert_uint_eq(asked, 1);
}
END_TEST

int main(void)
{
	const TTest *const tests[] = {a_copy_gives_the_same_line_for_every_type,
				      a_copy_points_to_nothing_outside_but_static_texts,
				      of_an_exchange_that_was_told_a_copy_keeps_what_is_new,
				      texts_that_are_not_promised_to_be_static_are_copied,
				      without_memory_there_is_no_copy,
				      NULL};

	return run_suite("event_copy", tests, NULL, NULL);
}
