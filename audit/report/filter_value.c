/* SPDX-License-Identifier: MIT
 *
 * The fields of the filter language, and what the values mean that they are compared with. */
#include <limits.h>
#include <time.h>

#include "audit/report/filter_private.h"

static const struct filter_word severities[] = {
    {"info", SEVERITY_INFO}, {"warning", SEVERITY_WARNING}, {"error", SEVERITY_ERROR}, {NULL, 0}};

static const struct filter_word verdicts[] = {{"ok", SEVERITY_NONE},
					      {"info", SEVERITY_INFO},
					      {"warning", SEVERITY_WARNING},
					      {"error", SEVERITY_ERROR},
					      {NULL, 0}};

static const struct filter_word confidences[] = {
    {"low", CONFIDENCE_LOW}, {"medium", CONFIDENCE_MEDIUM}, {"high", CONFIDENCE_HIGH}, {NULL, 0}};

static const struct filter_word faults[] = {{"client", FAULT_CLIENT},
					    {"server", FAULT_SERVER},
					    {"intermediary", FAULT_INTERMEDIARY},
					    {"proxy", FAULT_PROXY},
					    {"unknown", FAULT_UNKNOWN},
					    {"none", FAULT_NONE},
					    {NULL, 0}};

/* Outcomes of chains, and those that only a hop can have: see filter_numbers(). */
static const struct filter_word outcomes[] = {{"completed", CHAIN_COMPLETED},
					      {"loop", CHAIN_LOOP},
					      {"not_followed", CHAIN_NOT_FOLLOWED},
					      {"left_visibility", CHAIN_LEFT_VISIBILITY},
					      {"aborted", CHAIN_ABORTED},
					      {"open", CHAIN_OPEN},
					      {"followed", FILTER_FOLLOWED},
					      {"retried", FILTER_RETRIED},
					      {NULL, 0}};

const struct filter_field_row filter_fields[BY_COUNT] = {
    [BY_STATUS] = {"status", TYPE_STATUS, NULL},
    [BY_FINAL_STATUS] = {"final.status", TYPE_STATUS, NULL},
    [BY_METHOD] = {"method", TYPE_TEXT, NULL},
    [BY_URL] = {"url", TYPE_TEXT, NULL},
    [BY_HOST] = {"host", TYPE_TEXT, NULL},
    [BY_PATH] = {"path", TYPE_TEXT, NULL},
    [BY_TARGET] = {"target", TYPE_TEXT, NULL},
    [BY_RULE] = {"rule", TYPE_TEXT, NULL},
    [BY_SEVERITY] = {"severity", TYPE_LEVEL, severities},
    [BY_VERDICT] = {"verdict", TYPE_LEVEL, verdicts},
    [BY_FAULT] = {"fault", TYPE_CHOICE, faults},
    [BY_OUTCOME] = {"outcome", TYPE_CHOICE, outcomes},
    [BY_CHAIN_LENGTH] = {"chain.length", TYPE_COUNT, NULL},
    [BY_CHAIN_ID] = {"chain.id", TYPE_COUNT, NULL},
    [BY_TAG] = {"tag", TYPE_TEXT, NULL},
    [BY_TEST] = {"test", TYPE_TEXT, NULL},
    [BY_CLIENT] = {"client", TYPE_TEXT, NULL},
    [BY_UNVERIFIABLE] = {"unverifiable", TYPE_COUNT, NULL},
    [BY_ELAPSED] = {"elapsed", TYPE_DURATION, NULL},
    [BY_TIME] = {"time", TYPE_TIME, NULL},
    [BY_RUN] = {"run", TYPE_TEXT, NULL},
    [BY_SUPPRESSED] = {"suppressed", TYPE_YES_NO, NULL},
    [BY_CROSS_ORIGIN] = {"cross-origin", TYPE_YES_NO, NULL},
    [BY_CONFIDENCE] = {"confidence", TYPE_LEVEL, confidences},
};

/* Words of the log are written with '_'; people write '-', too. */
static bool is_word(struct bytes text, const char *word)
{
	struct bytes w = bytes_str(word);

	if (text.len != w.len)
		return false;
	for (size_t i = 0; i < w.len; i++) {
		unsigned char c = text.ptr[i] == '-' ? '_' : ascii_lower((unsigned char)text.ptr[i]);

		if (c != (unsigned char)w.ptr[i])
			return false;
	}
	return true;
}

static bool read_word(const struct filter_word *words, struct bytes text, int64_t *value)
{
	for (; words->word; words++) {
		if (!is_word(text, words->word))
			continue;
		*value = words->value;
		return true;
	}
	return false;
}

/* "307", and "3xx" as 300 to 399. */
static bool read_status(struct bytes text, int64_t *low, int64_t *high)
{
	if (text.len == 3 && ascii_is_digit((unsigned char)text.ptr[0]) &&
	    bytes_equal_nocase(bytes_slice(text, 1, 3), BYTES("xx"))) {
		*low = (text.ptr[0] - '0') * 100;
		*high = *low + 99;
		return true;
	}
	if (text.len > 3 || !bytes_to_int64(text, low))
		return false;
	*high = *low;
	return true;
}

/* The number at the front, times `scale`, with as many decimals as that leaves whole; `*rest` is what stands behind. */
static bool read_decimal(struct bytes text, struct bytes *rest, double *value)
{
	double result = 0, unit = 1;
	size_t i = 0, digits = 0;

	for (; i < text.len && ascii_is_digit((unsigned char)text.ptr[i]); i++, digits++)
		result = result * 10 + (text.ptr[i] - '0');
	if (digits > 0 && i < text.len && text.ptr[i] == '.') {
		size_t dot = i++;

		for (; i < text.len && ascii_is_digit((unsigned char)text.ptr[i]); i++) {
			unit /= 10;
			result += (text.ptr[i] - '0') * unit;
		}
		if (i == dot + 1)
			return false;
	}
	*rest = bytes_slice(text, i, text.len);
	*value = result;
	return digits > 0 && digits <= 18;
}

struct unit {
	const char *name;
	double factor;
};

static bool read_unit(struct bytes text, const struct unit *units, int64_t *value)
{
	struct bytes rest;
	double number;

	if (!read_decimal(text, &rest, &number))
		return false;
	for (; units->name; units++) {
		if (!bytes_equal_nocase(rest, bytes_str(units->name)))
			continue;
		number = number * units->factor;
		if (number >= 9e18)
			return false;
		*value = (int64_t)(number + 0.5);
		return true;
	}
	return false;
}

static bool read_count(struct bytes text, int64_t *low, int64_t *high)
{
	static const struct unit units[] = {{"", 1}, {"k", 1e3}, {"M", 1e6}, {NULL, 0}};

	if (is_word(text, "yes")) {
		*low = 1;
		*high = INT64_MAX;
		return true;
	}
	*low = 0;
	if (!is_word(text, "no") && !bytes_to_int64(text, low) && !read_unit(text, units, low))
		return false;
	*high = *low;
	return true;
}

static bool read_duration(struct bytes text, int64_t *low, int64_t *high)
{
	static const struct unit units[] = {{"us", 1},   {"µs", 1},     {"ms", 1e3}, {"s", 1e6},
					    {"m", 60e6}, {"h", 3600e6}, {NULL, 0}};

	if (!read_unit(text, units, low))
		return false;
	*high = *low;
	return true;
}

/* `count` digits of a date; false where there are none, or the number is not within [least, most]. */
static bool take_digits(struct bytes *text, unsigned count, int least, int most, int *value)
{
	int64_t number;

	if (text->len < count || !bytes_to_int64(bytes_slice(*text, 0, count), &number) || number < least ||
	    number > most)
		return false;
	*text = bytes_slice(*text, count, text->len);
	*value = (int)number;
	return true;
}

static bool take_char(struct bytes *text, const char *any_of)
{
	if (text->len == 0 || !text->ptr[0] || !strchr(any_of, text->ptr[0]))
		return false;
	*text = bytes_slice(*text, 1, text->len);
	return true;
}

/* ".25": up to six digits; `*unit` is what the last one counts, in microseconds. */
static bool take_fraction(struct bytes *text, int64_t *micros, int64_t *unit)
{
	*micros = 0;
	*unit = 1000000;
	while (text->len > 0 && ascii_is_digit((unsigned char)text->ptr[0])) {
		if (*unit == 1)
			return false;
		*unit /= 10;
		*micros += (text->ptr[0] - '0') * *unit;
		*text = bytes_slice(*text, 1, text->len);
	}
	return *unit < 1000000;
}

/* "+01:00" or "Z": seconds east of Greenwich. */
static bool take_zone(struct bytes *text, int64_t *offset_s)
{
	int hours, minutes;
	bool west;

	*offset_s = 0;
	if (text->len == 0 || take_char(text, "Zz"))
		return true;
	west = text->ptr[0] == '-';
	if (!take_char(text, "+-") || !take_digits(text, 2, 0, 23, &hours) || !take_char(text, ":") ||
	    !take_digits(text, 2, 0, 59, &minutes))
		return false;
	*offset_s = (west ? -60 : 60) * (hours * 60 + minutes);
	return true;
}

/* The time that year, month, day, hour, minute and second tell; each may be too great by one. */
static int64_t time_of(const int parts[6])
{
	struct tm tm = {.tm_year = parts[0] - 1900,
			.tm_mon = parts[1] - 1,
			.tm_mday = parts[2],
			.tm_hour = parts[3],
			.tm_min = parts[4],
			.tm_sec = parts[5]};

	return (int64_t)timegm(&tm) * 1000000;
}

/* "2026", "2026-11", "2026-11-24", "2026-11-24T12:00" and so on: from its beginning to the last microsecond of it. */
static bool read_time(struct bytes text, int64_t *low, int64_t *high)
{
	static const struct {
		const char *before;
		unsigned digits;
		int least, most;
	} rows[6] = {{"", 4, 1970, 9999}, {"-", 2, 1, 12}, {"-", 2, 1, 31},
		     {"Tt", 2, 0, 23},    {":", 2, 0, 59}, {":", 2, 0, 60}};
	int parts[6] = {0, 1, 1, 0, 0, 0};
	int64_t micros = 0, unit = 0, zone_s = 0;
	unsigned count = 0;

	for (; count < 6 && (count == 0 || take_char(&text, rows[count].before)); count++) {
		if (!take_digits(&text, rows[count].digits, rows[count].least, rows[count].most, &parts[count]))
			return false;
	}
	if (count == 6 && take_char(&text, ".") && !take_fraction(&text, &micros, &unit))
		return false;
	if ((count > 3 && !take_zone(&text, &zone_s)) || text.len > 0)
		return false;
	*low = time_of(parts) + micros - zone_s * 1000000;
	parts[count - 1]++;
	*high = unit > 0 ? *low + unit - 1 : time_of(parts) - zone_s * 1000000 - 1;
	return true;
}

static bool read_range(const struct filter_field_row *field, struct bytes text, int64_t *low, int64_t *high)
{
	static const struct filter_word yes_no[] = {{"yes", 1}, {"no", 0}, {NULL, 0}};
	bool ok = false;

	switch (field->type) {
	case TYPE_STATUS:
		return read_status(text, low, high);
	case TYPE_COUNT:
		return read_count(text, low, high);
	case TYPE_DURATION:
		return read_duration(text, low, high);
	case TYPE_TIME:
		return read_time(text, low, high);
	case TYPE_LEVEL:
	case TYPE_CHOICE:
		ok = read_word(field->words, text, low);
		break;
	case TYPE_YES_NO:
		ok = read_word(yes_no, text, low);
		break;
	case TYPE_TEXT:
		break;
	}
	*high = *low;
	return ok;
}

static const char *possible_values(const struct filter_field_row *field)
{
	switch (field->type) {
	case TYPE_STATUS:
		return "a status: 307, or 3xx";
	case TYPE_COUNT:
		return "a number: 3, 1.5k, 2M; yes for some, no for none";
	case TYPE_DURATION:
		return "a time with its unit: 250us, 10ms, 1.5s, 2m, 1h";
	case TYPE_TIME:
		return "a date and time, or a beginning of it: 2026-11-24T12:00:00Z, 2026-11-24T12:00, 2026-11-24";
	case TYPE_YES_NO:
		return "yes, no";
	case TYPE_LEVEL:
	case TYPE_CHOICE:
	case TYPE_TEXT:
		break;
	}
	return NULL;
}

bool filter_value_read(const struct filter_field_row *field, struct bytes text, int64_t *low, int64_t *high,
		       const char **possible)
{
	*low = 0;
	*possible = possible_values(field);
	return read_range(field, text, low, high);
}

bool filter_number_fits(enum filter_op op, int64_t value, int64_t low, int64_t high)
{
	switch (op) {
	case OP_EQUAL:
		return value >= low && value <= high;
	case OP_LESS:
		return value < low;
	case OP_AT_MOST:
		return value <= high;
	case OP_MORE:
		return value > high;
	case OP_AT_LEAST:
		return value >= low;
	case OP_CONTAINS:
		break;
	}
	return false;
}

static bool contains(struct bytes text, struct bytes needle)
{
	for (size_t i = 0; i + needle.len <= text.len; i++) {
		if (bytes_starts_nocase(bytes_slice(text, i, text.len), needle))
			return true;
	}
	return false;
}

bool filter_text_fits(enum filter_op op, struct bytes text, struct bytes needle)
{
	return op == OP_CONTAINS ? contains(text, needle) : bytes_equal_nocase(text, needle);
}
