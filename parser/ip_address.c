/* SPDX-License-Identifier: MIT
 *
 * IP addresses, read from text and written. Called by uri_host.c; knows nothing of URIs, sockets or names. */
#include "parser/ip_address.h"

bool ipv4_read(struct bytes text, uint8_t addr[4])
{
	size_t i = 0;

	for (int part = 0; part < 4; part++) {
		unsigned value = 0;
		size_t start = i;
		while (i < text.len && i - start < 3 && ascii_is_digit((unsigned char)text.ptr[i]))
			value = value * 10 + (unsigned)(text.ptr[i++] - '0');
		if (i == start || value > 255 || (i - start > 1 && text.ptr[start] == '0'))
			return false;
		addr[part] = (uint8_t)value;
		if (part < 3 && (i == text.len || text.ptr[i++] != '.'))
			return false;
	}
	return i == text.len;
}

/* One number of a loose address from *i on; stops at a dot or the end. "0x" alone counts as zero, as in WHATWG URL. */
static bool loose_number(struct bytes text, size_t *i, uint64_t *value)
{
	unsigned base = 10;
	size_t at = *i;

	if (at == text.len || !ascii_is_digit((unsigned char)text.ptr[at]))
		return false;
	if (text.ptr[at] == '0' && at + 1 < text.len && text.ptr[at + 1] != '.') {
		base = ascii_lower((unsigned char)text.ptr[at + 1]) == 'x' ? 16 : 8;
		at += base == 16 ? 2 : 1;
	}
	for (*value = 0; at < text.len && text.ptr[at] != '.'; at++) {
		int digit = hex_value((unsigned char)text.ptr[at]);
		if (digit < 0 || (unsigned)digit >= base)
			return false;
		*value = *value * base + (unsigned)digit;
		if (*value > UINT32_MAX)
			return false;
	}
	*i = at;
	return true;
}

bool ipv4_read_loose(struct bytes text, uint32_t *addr)
{
	uint64_t value = 0, sum = 0;
	size_t i = 0;

	if (text.len && text.ptr[text.len - 1] == '.')
		text.len--;
	for (unsigned part = 0; part < 4; part++) {
		if (!loose_number(text, &i, &value))
			return false;
		if (i == text.len) { /* the last one: it fills what is left */
			if (value >> (32 - 8 * part))
				return false;
			*addr = (uint32_t)(sum | value);
			return true;
		}
		if (value > 255)
			return false;
		sum |= value << (24 - 8 * part);
		i++;
	}
	return false;
}

/* Up to four hexadecimal digits. */
static size_t read_group(struct bytes text, size_t i, unsigned *group)
{
	size_t n = 0;
	int digit;

	for (*group = 0; n < 4 && i + n < text.len && (digit = hex_value((unsigned char)text.ptr[i + n])) >= 0; n++)
		*group = *group << 4 | (unsigned)digit;
	return n;
}

/* The groups as written, `gap` of them before "::" (-1: none); the number of bytes filled, 0 where malformed. */
static size_t read_groups(struct bytes text, uint8_t addr[16], int *gap)
{
	size_t i = 0, filled = 0;

	*gap = -1;
	if (text.len >= 2 && text.ptr[0] == ':' && text.ptr[1] == ':') {
		*gap = 0;
		i = 2;
	}
	while (i < text.len) {
		unsigned group;
		size_t digits = read_group(text, i, &group);
		if (digits == 0 || filled > 14)
			return 0;
		if (i + digits < text.len && text.ptr[i + digits] == '.') {
			if (filled > 12 || !ipv4_read(bytes_slice(text, i, text.len), addr + filled))
				return 0;
			return filled + 4;
		}
		addr[filled++] = (uint8_t)(group >> 8);
		addr[filled++] = (uint8_t)group;
		i += digits;
		if (i == text.len)
			break;
		if (text.ptr[i++] != ':' || i == text.len)
			return 0;
		if (text.ptr[i] == ':') {
			if (*gap >= 0)
				return 0;
			*gap = (int)filled;
			i++;
		}
	}
	return filled;
}

bool ipv6_read(struct bytes text, uint8_t addr[16])
{
	uint8_t groups[16];
	int gap;

	size_t filled = read_groups(text, groups, &gap);
	if (gap < 0) {
		if (filled != 16)
			return false;
		memcpy(addr, groups, 16);
		return true;
	}
	/* "::" alone has nothing filled, and so has a malformed text. */
	if (filled > 14 || (filled == 0 && text.len != 2))
		return false;
	size_t before = (size_t)gap, after = filled - before;
	memset(addr, 0, 16);
	memcpy(addr, groups, before);
	memcpy(addr + 16 - after, groups + before, after);
	return true;
}

static size_t put_number(char *out, unsigned value, unsigned base)
{
	static const char digits[] = "0123456789abcdef";
	char reversed[5];
	size_t n = 0;

	do
		reversed[n++] = digits[value % base];
	while ((value /= base) > 0);
	for (size_t i = 0; i < n; i++)
		out[i] = reversed[n - 1 - i];
	return n;
}

/* The longest run of two or more zero groups among the first `groups`, the first of them where two are as long. */
static size_t longest_gap(const uint8_t addr[16], size_t groups, size_t *run)
{
	size_t best = 0;

	*run = 1; /* one group alone is not compressed (RFC 5952 §4.2.2) */
	for (size_t i = 0; i < groups; i++) {
		size_t n = 0;
		while (i + n < groups && addr[2 * (i + n)] == 0 && addr[2 * (i + n) + 1] == 0)
			n++;
		if (n > *run) {
			*run = n;
			best = i;
		}
	}
	if (*run == 1)
		*run = 0;
	return best;
}

size_t ipv6_write(const uint8_t addr[16], char out[IPV6_TEXT_MAX])
{
	static const uint8_t mapped[12] = {[10] = 0xff, [11] = 0xff};
	bool quad = memcmp(addr, mapped, 12) == 0;
	size_t groups = quad ? 6 : 8, len = 0, run;
	size_t gap = longest_gap(addr, groups, &run);

	for (size_t i = 0; i < groups;) {
		if (run && i == gap) {
			out[len++] = ':';
			out[len++] = ':';
			i += run;
			continue;
		}
		if (len && out[len - 1] != ':')
			out[len++] = ':';
		len += put_number(out + len, (unsigned)addr[2 * i] << 8 | addr[2 * i + 1], 16);
		i++;
	}
	for (size_t i = 12; quad && i < 16; i++) {
		out[len++] = i == 12 ? ':' : '.';
		len += put_number(out + len, addr[i], 10);
	}
	return len;
}
