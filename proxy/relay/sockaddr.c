/* SPDX-License-Identifier: MIT */
#include "proxy/relay/sockaddr.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>

#include "parser/uri.h"

socklen_t sockaddr_length(const struct sockaddr *sa)
{
	return sa->sa_family == AF_INET6 ? sizeof(struct sockaddr_in6) : sizeof(struct sockaddr_in);
}

uint16_t sockaddr_port(const struct sockaddr *sa)
{
	return ntohs(sa->sa_family == AF_INET6 ? ((const struct sockaddr_in6 *)sa)->sin6_port
					       : ((const struct sockaddr_in *)sa)->sin_port);
}

void sockaddr_set_port(struct sockaddr_storage *sa, uint16_t port)
{
	if (sa->ss_family == AF_INET6)
		((struct sockaddr_in6 *)sa)->sin6_port = htons(port);
	else
		((struct sockaddr_in *)sa)->sin_port = htons(port);
}

void sockaddr_print_host(const struct sockaddr *sa, char *out, size_t size)
{
	const void *address = sa->sa_family == AF_INET6 ? (const void *)&((const struct sockaddr_in6 *)sa)->sin6_addr
							: (const void *)&((const struct sockaddr_in *)sa)->sin_addr;

	out[0] = 0;
	inet_ntop(sa->sa_family == AF_INET6 ? AF_INET6 : AF_INET, address, out, (socklen_t)size);
}

void sockaddr_print(const struct sockaddr *sa, char *out, size_t size)
{
	char text[INET6_ADDRSTRLEN];

	sockaddr_print_host(sa, text, sizeof(text));
	snprintf(out, size, sa->sa_family == AF_INET6 ? "[%s]:%u" : "%s:%u", text, sockaddr_port(sa));
}

void sockaddr_mapped(const struct sockaddr *sa, uint8_t out[16])
{
	static const uint8_t prefix[12] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};

	if (sa->sa_family == AF_INET6) {
		memcpy(out, &((const struct sockaddr_in6 *)sa)->sin6_addr, 16);
	} else {
		memcpy(out, prefix, 12);
		memcpy(out + 12, &((const struct sockaddr_in *)sa)->sin_addr, 4);
	}
}

void sockaddr_from_mapped(const uint8_t address[16], uint16_t port, struct sockaddr_storage *to)
{
	memset(to, 0, sizeof(*to));
	if (IN6_IS_ADDR_V4MAPPED((const struct in6_addr *)address)) {
		struct sockaddr_in *v4 = (struct sockaddr_in *)to;

		v4->sin_family = AF_INET;
		memcpy(&v4->sin_addr, address + 12, 4);
	} else {
		struct sockaddr_in6 *v6 = (struct sockaddr_in6 *)to;

		v6->sin6_family = AF_INET6;
		memcpy(&v6->sin6_addr, address, 16);
	}
	sockaddr_set_port(to, port);
}

bool sockaddr_literal(struct bytes host, uint16_t port, struct sockaddr_storage *to)
{
	uint8_t address[16] = {0};
	uint32_t v4;

	if (host.len > 0 && host.ptr[0] == '[') {
		if (!uri_host_ipv6(host, address))
			return false;
	} else if (uri_host_ipv4(host, &v4)) {
		v4 = htonl(v4);
		address[10] = address[11] = 0xff;
		memcpy(address + 12, &v4, 4);
	} else {
		return false;
	}
	sockaddr_from_mapped(address, port, to);
	return true;
}

bool sockaddr_is_localhost(struct bytes host)
{
	const struct bytes name = BYTES("localhost");

	if (host.len > 0 && host.ptr[host.len - 1] == '.')
		host.len--;
	if (host.len < name.len || !bytes_equal_nocase(bytes_slice(host, host.len - name.len, host.len), name))
		return false;
	return host.len == name.len || host.ptr[host.len - name.len - 1] == '.';
}
