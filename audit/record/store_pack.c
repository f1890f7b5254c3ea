/* SPDX-License-Identifier: MIT */
#include "audit/record/store_pack.h"

#include <stdlib.h>
#include <zlib.h>

#define PIECE_BYTES ((size_t)4096)
#define TEXT_BYTES_MAX ((size_t)64 << 20) /* of one chain; more is damage */

/* Part of the store's format: whoever changes it changes STORE_SCHEMA. What is frequent stands at the end. */
static const char dictionary[] =
    "\"unverifiable\"the content was not kept\"not_followed\"window over\"run ended\"left_visibility\"aborted\"retried"
    "RFC 9110 §15.4RFC 9110 §15.4.8; RFC 7538 §3\"fault\":\"server\"\"severity\":\"error\"\"warning\"\"what\":"
    "\"credentials\",\"name\":\"authorization\",\"before\":\"Basic ~\",\"kind\":\"leaked\"\"added\"[\"cookie\",\"sid=~"
    "[\"user-agent\",\"Mozilla/5.0[\"accept-language\",\"en\"[\"accept-encoding\",\"gzip, deflate, br\"[\"referer\",\""
    "[\"cache-control\",\"no-cache\"],[\"sec-fetch-mode\",\"navigate\"]],[\"connection\",\"keep-alive\"],"
    "\"location\":\"https://\",\"target\":\"http://"
    "127.0.0.1:\",\"outcome\":\"not_followed\",\"reason\":\"\",\"follow\":"
    "null}],\"declared\":0,\"length\":0,\"chunked\":false,\"complete\":true},\"application/x-www-form-urlencoded\""
    "{\"what\":\"header\",\"name\":\"content-type\",\"before\":\"application/json\",\"after\":\"kind\":\"lost\"}],"
    "\"finding_list\":[{\"rule\":\"method-not-preserved\",\"severity\":\"info\",\"fault\":\"client\",\"hop\":1,"
    "\"message\":\"POST was answered with 307 and the client went on with GET\",\"expected\":\"seen\":\"source\":\"RFC "
    "9110 §15.4.4\",\"also\":\"confidence\":\"high\",\"suppressed\":false,\"redirect\":1,\"exchange\":1,\"seq\":1,"
    "\"line\":1}],\"curl\":\"curl --include --globoff --path-as-is --request 'POST' --data-binary @BODY --url 'http://"
    "'  # BODY: a file of 5 bytes, which the log does not keep\""
    ",\"hop_list\":[{\"hop\":1,\"redirect\":1,\"request\":{\"exchange\":1,\"method\":\"POST\",\"url\":\"http://"
    "\",\"status\":307,\"time\":\"2026-11-24T12:18:45.471746Z\",\"content\":{\"declared\":5,\"length\":5,\"chunked\":"
    "false,\"complete\":true,\"sha256\":\"\"},\"fields\":[[\"host\",\"\"],[\"accept\",\"*/*\"],[\"content-type\","
    "\"application/json\"],[\"content-length\",\"5\"]]},\"location\":\"http://\",\"target\":\"http://\",\"outcome\":"
    "\"followed\",\"latency_us\":390,\"match\":{\"level\":\"E0\",\"score\":100,\"confidence\":\"high\",\"state\":"
    "\"final\"},\"follow\":{\"exchange\":2,\"method\":\"GET\",\"url\":\"http://\",\"status\":200,\"time\":\"2026-"
    "\"content\":{\"length\":0,\"chunked\":false,\"complete\":true},\"fields\":[[\"host\",\"\"],[\"accept\",\"*/*\"]]},"
    "\"verdicts\":{\"method\":\"pass\",\"body\":\"pass\",\"headers\":\"pass\",\"credentials\":\"pass\"},\"reasons\":{},"
    "\"changes\":[{\"what\":\"method\",\"before\":\"POST\",\"after\":\"GET\",\"kind\":\"changed\"},{\"what\":"
    "\"content\",\"before\":\"5 bytes\",\"after\":\"0 bytes\",\"kind\":\"same\"},{\"what\":\"origin\",\"before\":"
    "\"http://\",\"after\":\"http://\",\"kind\":\"same\"}]}],\"finding_list\":[],\"curl\":\"curl --include --globoff "
    "--path-as-is --url 'http://";

struct store_packer {
	z_stream deflate;
	z_stream inflate;
};

struct store_packer *store_packer_new(void)
{
	struct store_packer *p = calloc(1, sizeof(*p));

	if (!p)
		return NULL;
	if (deflateInit2(&p->deflate, 1, Z_DEFLATED, -15, 8, Z_DEFAULT_STRATEGY) == Z_OK &&
	    inflateInit2(&p->inflate, -15) == Z_OK)
		return p;
	store_packer_free(p);
	return NULL;
}

void store_packer_free(struct store_packer *p)
{
	if (!p)
		return;
	deflateEnd(&p->deflate);
	inflateEnd(&p->inflate);
	free(p);
}

/* zlib never writes through this pointer. */
static Bytef *input(const void *text)
{
	return (Bytef *)(uintptr_t)text;
}

/* Turns over and over; `turn` is deflate() or inflate(). */
static bool run(z_stream *z, int (*turn)(z_stream *z, int flush), struct bytes in, struct text_buf *out)
{
	size_t limit = out->len + TEXT_BYTES_MAX;
	int result = Z_OK;

	z->next_in = input(in.ptr);
	z->avail_in = (uInt)in.len;
	while (result == Z_OK && out->len < limit) {
		if (out->failed || (out->max - out->len < PIECE_BYTES && !text_buf_grow(out, PIECE_BYTES)))
			return false;
		z->next_out = (Bytef *)out->ptr + out->len;
		z->avail_out = (uInt)PIECE_BYTES;
		result = turn(z, Z_FINISH);
		out->len += PIECE_BYTES - z->avail_out;
		if (result == Z_BUF_ERROR && z->avail_out == 0)
			result = Z_OK; /* there is more than one piece */
	}
	return result == Z_STREAM_END;
}

bool store_pack(struct store_packer *p, struct bytes text, struct text_buf *out)
{
	return deflateReset(&p->deflate) == Z_OK &&
	       deflateSetDictionary(&p->deflate, input(dictionary), sizeof(dictionary) - 1) == Z_OK &&
	       run(&p->deflate, deflate, text, out);
}

bool store_unpack(struct store_packer *p, struct bytes packed, struct text_buf *out)
{
	return inflateReset(&p->inflate) == Z_OK &&
	       inflateSetDictionary(&p->inflate, input(dictionary), sizeof(dictionary) - 1) == Z_OK &&
	       run(&p->inflate, inflate, packed, out);
}
