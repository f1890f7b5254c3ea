/* SPDX-License-Identifier: MIT
 *
 * Punycode (RFC 3492 §6.3) for one label. Only uri_host.c calls it. A label is at most 63 bytes, so the sums below
 * stay far from overflow: 63 code points times U+10FFFF is under 2^27. */
#include "parser/punycode.h"

enum { BASE = 36, TMIN = 1, TMAX = 26, SKEW = 38, DAMP = 700, INITIAL_BIAS = 72, INITIAL_N = 0x80 };

struct label {
	char *ptr;
	size_t len;
	bool too_long;
};

static void put(struct label *out, char c)
{
	if (out->len == LABEL_MAX)
		out->too_long = true;
	else
		out->ptr[out->len++] = c;
}

static uint32_t adapt(uint32_t delta, uint32_t points, bool first)
{
	uint32_t k = 0;

	delta = first ? delta / DAMP : delta / 2;
	delta += delta / points;
	for (; delta > (BASE - TMIN) * TMAX / 2; k += BASE)
		delta /= BASE - TMIN;
	return k + (BASE - TMIN + 1) * delta / (delta + SKEW);
}

static void put_number(struct label *out, uint32_t q, uint32_t bias)
{
	static const char digits[] = "abcdefghijklmnopqrstuvwxyz0123456789";

	for (uint32_t k = BASE;; k += BASE) {
		uint32_t t = k <= bias ? TMIN : k >= bias + TMAX ? TMAX : k - bias;
		if (q < t)
			break;
		put(out, digits[t + (q - t) % (BASE - t)]);
		q = (q - t) / (BASE - t);
	}
	put(out, digits[q]);
}

/* The smallest code point that has not been encoded yet. */
static uint32_t next_point(const uint32_t *cp, size_t n, uint32_t from)
{
	uint32_t least = UINT32_MAX;
	for (size_t i = 0; i < n; i++) {
		if (cp[i] >= from && cp[i] < least)
			least = cp[i];
	}
	return least;
}

size_t punycode_label(const uint32_t *cp, size_t n, char out[LABEL_MAX])
{
	struct label label = {.ptr = out};
	uint32_t point = INITIAL_N, delta = 0, bias = INITIAL_BIAS, done = 0;

	if (n > LABEL_MAX)
		return 0;
	for (const char *prefix = "xn--"; *prefix; prefix++)
		put(&label, *prefix);
	for (size_t i = 0; i < n; i++) {
		if (cp[i] < INITIAL_N) {
			put(&label, (char)ascii_lower((unsigned char)cp[i]));
			done++;
		}
	}
	uint32_t basic = done;
	if (basic > 0)
		put(&label, '-');
	while (done < n && !label.too_long) {
		uint32_t next = next_point(cp, n, point);
		delta += (next - point) * (done + 1);
		point = next;
		for (size_t i = 0; i < n; i++) {
			if (cp[i] < point)
				delta++;
			if (cp[i] != point)
				continue;
			put_number(&label, delta, bias);
			bias = adapt(delta, done + 1, done == basic);
			delta = 0;
			done++;
		}
		delta++;
		point++;
	}
	return label.too_long ? 0 : label.len;
}
