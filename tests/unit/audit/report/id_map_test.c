/* SPDX-License-Identifier: MIT
 *
 * The table of ids: what was put in is found, what was removed is not, and it does not grow by coming and going. */
#include "audit/report/id_map.h"

#include "tests/unit/audit/run_suite.h"

static struct id_map map;
static char values[10000];

static void begin(void)
{
	map = (struct id_map){0};
}

static void end(void)
{
	id_map_free(&map);
}

START_TEST(ids_are_found_until_they_are_removed)
{
	ck_assert_ptr_null(id_map_find(&map, 1));
	id_map_remove(&map, 1);
	for (uint64_t id = 0; id < sizeof(values); id++)
		ck_assert(id_map_put(&map, id * id, &values[id]));
	for (uint64_t id = 0; id < sizeof(values); id++)
		ck_assert_ptr_eq(id_map_find(&map, id * id), &values[id]);
	for (uint64_t id = 0; id < sizeof(values); id += 2)
		id_map_remove(&map, id * id);
	for (uint64_t id = 0; id < sizeof(values); id++)
		ck_assert_ptr_eq(id_map_find(&map, id * id), id % 2 ? &values[id] : NULL);
	ck_assert_uint_eq(map.count, sizeof(values) / 2);
}
END_TEST

START_TEST(a_value_is_replaced)
{
	ck_assert(id_map_put(&map, 7, &values[0]));
	ck_assert(id_map_put(&map, 7, &values[1]));
	ck_assert_ptr_eq(id_map_find(&map, 7), &values[1]);
	ck_assert_uint_eq(map.count, 1);
}
END_TEST

START_TEST(coming_and_going_does_not_make_it_grow)
{
	bool put = true;

	for (uint64_t id = 1; id < 1000000; id++) {
		put &= id_map_put(&map, id, &values[0]);
		if (id > 10)
			id_map_remove(&map, id - 10);
	}
	ck_assert(put);
	ck_assert_uint_le(map.max, 128);
}
END_TEST

int main(void)
{
	const TTest *const tests[] = {ids_are_found_until_they_are_removed, a_value_is_replaced,
				      coming_and_going_does_not_make_it_grow, NULL};

	return run_suite("id_map", tests, begin, end);
}
