// SPDX-License-Identifier: MIT
//
// Answers as the control server does, with chains that are made up: 200,000 of them, or hostile ones, which real traffic
// can't all be. By hand, to work on the page:  node tests/browser/fake_server.mjs [PORT] [CHAINS] [hostile]
import { createServer } from "node:http";
import { readFile, readdir } from "node:fs/promises";
import { pathToFileURL } from "node:url";

import { pure, uiFolder } from "./pure.mjs";
import { ATTACKS, RULES, hostile, summary, whole } from "./samples.mjs";

const { tokens } = await pure("filter_words.js");

// The control server's own.
const POLICY = "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self' data:; " +
	"base-uri 'none'; form-action 'none'; frame-ancestors 'none'";
const TYPES = { html: "text/html", css: "text/css", js: "text/javascript" };

class FilterError extends Error {
	constructor(column, detail) {
		super(detail);
		this.column = column;
	}
}

const FIELDS = {
	status: (c) => c.statuses, verdict: (c) => [c.verdict], rule: (c) => c.rules, host: (c) => [c.host], client: (c) => [c.client],
	tag: (c) => [c.tag], outcome: (c) => [c.outcome], method: (c) => [c.method], url: (c) => [c.url, c.target],
};
const OPERATORS = { "=": (a, b) => a === b, "~": (a, b) => a.toLowerCase().includes(b.toLowerCase()) };

// Comparisons joined by `and`, each perhaps behind `not`: enough for the page's tests. The real language has its own.
function matcher(text) {
	const all = tokens(text);
	const terms = [];
	const columnOf = (token) => [...text.slice(0, token ? token.from : text.length)].length + 1;
	const value = (token) => token.kind === "quoted" ? token.text.slice(1, -1).replace(/\\(.)/g, "$1") : token.text;
	let at = 0;
	while (at < all.length) {
		if (terms.length > 0 && all[at++].kind !== "and")
			throw new FilterError(columnOf(all[at - 1]), "expected `and`, `or` or the end");
		const not = all[at]?.kind === "not";
		at += not ? 1 : 0;
		const [field, operator, wanted] = all.slice(at, at + 3);
		if (!field)
			throw new FilterError(columnOf(), "expected a comparison");
		if (operator?.kind !== "operator") {
			at += 1;
			terms.push((c) => JSON.stringify(c).includes(value(field)) !== not);
			continue;
		}
		if (!FIELDS[field.text])
			throw new FilterError(columnOf(field), `there is no field ${field.text}`);
		if (!OPERATORS[operator.text] || !wanted)
			throw new FilterError(columnOf(wanted), "expected a value");
		at += 3;
		terms.push((c) => FIELDS[field.text](c).some((v) => OPERATORS[operator.text](String(v), value(wanted))) !== not);
	}
	return (chain) => terms.every((term) => term(chain));
}

const RANK = { error: 3, warning: 2, info: 1, ok: 0 };
const ORDERS = {
	newest: (a, b) => b.id - a.id, oldest: (a, b) => a.id - b.id, worst: (a, b) => RANK[b.verdict] - RANK[a.verdict] || b.id - a.id,
	slowest: (a, b) => b.elapsed_us - a.elapsed_us, longest: (a, b) => b.hops - a.hops || b.id - a.id,
};

function facetsOf(chains) {
	const facets = {};
	for (const key of ["rule", "host", "client", "tag", "verdict", "status", "outcome"]) {
		const counts = new Map();
		for (const chain of chains)
			for (const value of new Set(FIELDS[key](chain)))
				if (value !== "")
					counts.set(value, (counts.get(value) ?? 0) + 1);
		facets[key] = [...counts].map(([value, count]) => ({ value, count })).sort((a, b) => b.count - a.count).slice(0, 50);
	}
	return facets;
}

export async function startFake({ chains = 60, hostileText = false, port = 0, live = true, importing = null } = {}) {
	const make = hostileText ? hostile : summary;
	const all = Array.from({ length: chains }, (_, i) => make(i + 1));
	const lists = new Map(); // "filter order" -> chains
	const streams = new Set();
	const files = new Map();
	for (const name of await readdir(uiFolder))
		if (/\.(html|css|js)$/.test(name))
			files.set(name, await readFile(new URL(name, uiFolder)));
	const state = { asked: [], slow: 0, down: false, importing };

	const listOf = (filter, order) => {
		const key = `${order} ${filter}`;
		if (!lists.has(key))
			lists.set(key, all.filter(matcher(filter)).sort(ORDERS[order] ?? ORDERS.newest));
		return lists.get(key);
	};
	const status = () => ({
		version: "0.1.0", run: "43f8876108a1cc22", log: hostileText ? `/tmp/${ATTACKS[0]}${ATTACKS[8]}.jsonl` : "/tmp/hopaudit.jsonl", live,
		proxy: live ? "127.0.0.1:8307" : null, started: "2026-11-24T09:00:00Z", seq: all.length * 7, chains: all.length, redirects: all.length,
		exchanges: all.length * 2, findings: { error: all.filter((c) => c.verdict === "error").length, warning: 0, info: 0 }, lost: 0, import: state.importing,
	});
	const api = {
		status: () => status(),
		chains: (query) => {
			const list = listOf(query.get("filter") ?? "", query.get("order") ?? "newest");
			const offset = Number(query.get("offset") ?? 0);
			return { total: list.length, offset, chains: list.slice(offset, offset + Number(query.get("limit") ?? 100)) };
		},
		facets: (query) => facetsOf(listOf(query.get("filter") ?? "", "newest")),
		rules: () => ({ rules: RULES }),
	};
	const one = {
		chains: (id) => {
			const found = all[Number(id) - 1];
			return found && (found.hop_list ? found : whole(found));
		},
		rules: (id) => hostileText ? { id, summary: id, condition: id, example: id, advice: id, source: id } : RULES.find((rule) => rule.id === id),
	};

	const server = createServer(async (request, response) => {
		const { pathname, searchParams } = new URL(request.url, "http://localhost");
		const send = (code, type, body) => response.writeHead(code, {
			"Content-Type": `${type}; charset=utf-8`, "Content-Security-Policy": POLICY, "X-Content-Type-Options": "nosniff",
			"Referrer-Policy": "no-referrer", "Cache-Control": "no-cache",
		}).end(body);
		const json = (code, body) => send(code, code < 400 ? "application/json" : "application/problem+json", JSON.stringify(body));
		state.asked.push(request.url);
		const name = pathname === "/" ? "index.html" : pathname.startsWith("/assets/") ? pathname.slice(8) : null;
		if (name !== null)
			return files.has(name) ? send(200, TYPES[name.split(".").at(-1)], files.get(name)) : send(404, "text/plain", "");
		if (state.slow)
			await new Promise((done) => setTimeout(done, state.slow));
		const [, , , kind, id] = pathname.split("/");
		if (kind === "events") {
			response.writeHead(200, { "Content-Type": "text/event-stream", "Cache-Control": "no-store" });
			response.write(`event: chains\ndata: {"seq":${all.length},"chains":${all.length}}\n\n`);
			streams.add(response);
			return response.on("close", () => streams.delete(response));
		}
		try {
			const body = id === undefined ? api[kind]?.(searchParams) : one[kind]?.(decodeURIComponent(id));
			return body ? json(200, body) : json(404, { title: "Not Found", status: 404 });
		} catch (error) {
			if (!(error instanceof FilterError))
				throw error;
			return json(400, { title: "the filter is wrong", status: 400, detail: error.message, column: error.column });
		}
	});
	await new Promise((done) => server.listen(port, "127.0.0.1", done));

	const tell = () => streams.forEach((stream) => stream.write(`event: chains\ndata: {"seq":${all.length},"chains":${all.length}}\n\n`));
	return {
		url: `http://127.0.0.1:${server.address().port}`, state, tell,
		// So many chains happen.
		add(n) {
			for (let i = 0; i < n; i++)
				all.push(make(all.length + 1));
			lists.clear();
			tell();
		},
		dropStreams() {
			streams.forEach((stream) => stream.destroy());
		},
		async close() {
			server.closeAllConnections();
			await new Promise((done) => server.close(done));
		},
	};
}

if (import.meta.url === pathToFileURL(process.argv[1]).href) {
	const [port, chains, kind] = process.argv.slice(2);
	const fake = await startFake({ port: Number(port ?? 8308), chains: Number(chains ?? 500), hostileText: kind === "hostile" });
	console.log(fake.url);
}
