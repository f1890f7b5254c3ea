// SPDX-License-Identifier: MIT
//
// Chains for the fake server: any number of ordinary ones, made of their number alone, and hostile ones, in which every
// text that could come from traffic is what an attacker would send.

const START = Date.UTC(2026, 10, 24, 9, 0, 0);
const HOSTS = ["shop.test", "api.example.com", "login.example.org", "static.example.net", "127.0.0.1:8080"];
const CLIENTS = ["curl/7.88.1", "python-requests/2.31.0", "Go-http-client/1.1", "undici", "Java-http-client/17.0.9"];
const TAGS = ["checkout", "search", "", "", ""];
const DIGEST = "7cf323c5a8548978d3412a6bedda7d45192491a5e788463ef3ad3a8759cac9d3";

// kind of a chain -> what is particular about it
const KINDS = [
	{ share: 70, verdict: "ok", status: 302, method: "GET", rules: [] },
	{ share: 14, verdict: "ok", status: 301, method: "GET", rules: [], cross: true },
	{ share: 7, verdict: "info", status: 303, method: "POST", rules: ["payment-redirect-unkeyed"] },
	{ share: 4, verdict: "warning", status: 302, method: "GET", rules: ["location-not-uri"] },
	{ share: 3, verdict: "error", status: 307, method: "POST", rules: ["method-not-preserved"] },
	{ share: 1, verdict: "error", status: 308, method: "PUT", rules: ["authorization-to-other-origin"], cross: true },
	{ share: 1, verdict: "error", status: 302, method: "GET", rules: ["redirect-loop"], outcome: "loop", hops: 4 },
];
const BY_SHARE = KINDS.flatMap((kind) => Array(kind.share).fill(kind));

// Scattered, but the same each time.
const scatter = (n, salt) => Math.abs(Math.imul((n + salt) ^ 0x9e3779b9, 0x85ebca6b) >>> 7);

export function summary(n) {
	const kind = BY_SHARE[scatter(n, 1) % BY_SHARE.length];
	const host = HOSTS[scatter(n, 2) % HOSTS.length];
	const other = kind.cross ? "https://cdn.example.net" : `http://${host}`;
	const path = ["/pay", "/old/page", "/login?next=%2Faccount", "/v1/items/42", "/a"][scatter(n, 3) % 5];
	const hops = kind.hops ?? 1;
	return {
		id: n, run: "43f8876108a1cc22", chain: n, time: new Date(START + n * 137).toISOString().replace("Z", "000Z"),
		method: kind.method, url: `http://${host}${path}`, host, target: kind.outcome === "loop" ? `http://${host}${path}` : `${other}/v2${path}`,
		statuses: Array(hops).fill(kind.status), hops, outcome: kind.outcome ?? "completed", verdict: kind.verdict,
		unverifiable: scatter(n, 4) % 40 === 0 ? 1 : 0, final_status: kind.outcome === "loop" ? kind.status : 200,
		elapsed_us: 400 + scatter(n, 5) % 90000, tag: TAGS[scatter(n, 6) % TAGS.length], test: "", client: CLIENTS[scatter(n, 7) % CLIENTS.length],
		findings: { error: Number(kind.verdict === "error"), warning: Number(kind.verdict === "warning"), info: Number(kind.verdict === "info") },
		rules: kind.rules,
	};
}

function hop(chain, number) {
	const lost = chain.rules.includes("method-not-preserved");
	const loop = chain.outcome === "loop";
	const becomesGet = lost || chain.statuses[0] === 303;
	const content = chain.method === "GET" ? { length: 0 } : { length: 9, sha256: DIGEST };
	const after = becomesGet || chain.method === "GET" ? { length: 0 } : content;
	const crossed = new URL(chain.target).origin !== new URL(chain.url).origin;
	const changes = [
		{ what: "method", before: chain.method, after: becomesGet ? "GET" : chain.method, kind: becomesGet ? "changed" : "same" },
		{ what: "content", before: content.length ? `${content.length} bytes` : null, after: after.length ? `${after.length} bytes` : null,
			kind: content.length && !after.length ? "lost" : "same" },
		{ what: "origin", before: new URL(chain.url).origin, after: new URL(chain.target).origin, kind: crossed ? "changed" : "same" },
		{ what: "scheme", before: "http", after: new URL(chain.target).protocol.slice(0, -1), kind: chain.target.startsWith("https") ? "changed" : "same" },
	];
	if (chain.rules.includes("authorization-to-other-origin"))
		changes.push({ what: "credentials", name: "authorization", before: "Bearer ~a12cc5d75ebca20b", after: "Bearer ~a12cc5d75ebca20b", kind: "leaked" });
	if (lost)
		changes.push({ what: "header", name: "content-type", before: "application/x-www-form-urlencoded", after: null, kind: "lost" });
	return {
		hop: number, redirect: chain.id * 10 + number,
		request: { exchange: chain.id * 20 + number, method: chain.method, url: chain.url, status: chain.statuses[0], time: chain.time, content,
			fields: [["host", chain.host], ["accept", "*/*"], ["user-agent", chain.client]] },
		location: loop ? new URL(chain.url).pathname : chain.target, target: chain.target, outcome: loop && number === chain.hops ? "not_followed" : "followed",
		reason: loop && number === chain.hops ? "window over" : null, latency_us: 812, match: { level: "E0", score: 100, confidence: "high", state: "final" },
		follow: loop && number === chain.hops ? null
			: { exchange: chain.id * 20 + number + 1, method: becomesGet ? "GET" : chain.method, url: chain.target, status: loop ? 302 : 200, content: after },
		verdicts: { method: lost ? "fail" : "pass", body: chain.unverifiable ? "unverifiable" : lost ? "fail" : "pass", headers: "pass",
			credentials: chain.rules.includes("authorization-to-other-origin") ? "fail" : "pass" },
		reasons: { ...(lost ? { method: "the method was changed" } : {}), ...(chain.unverifiable ? { body: "the content was not sent to its end" } : {}) },
		changes,
	};
}

const TOLD = {
	"method-not-preserved": ["client", "POST became GET on a 307, and its 9 bytes of content were not sent again", "POST", "GET", "RFC 9110 §15.4.8, §15.4", "body-dropped"],
	"authorization-to-other-origin": ["client", "Authorization was sent to another origin", "no Authorization", "the same Authorization", "RFC 9110 §15.4", ""],
	"redirect-loop": ["server", "the chain leads back to where it began", "a final response", "the same request again", "RFC 9110 §15.4", ""],
	"location-not-uri": ["server", "Location has a raw space in it", "%20", "a space", "RFC 3986 §2", ""],
	"payment-redirect-unkeyed": ["client", "POST that looks like a payment was sent to two URLs", "an Idempotency-Key", "none", "RFC 9110 §9.2.2", ""],
};

export function whole(chain) {
	return {
		...chain,
		hop_list: Array.from({ length: chain.hops }, (_, i) => hop(chain, i + 1)),
		finding_list: chain.rules.map((rule) => {
			const [fault, message, expected, seen, source, also] = TOLD[rule];
			return { rule, severity: chain.verdict, fault, hop: 1, message, expected, seen, source, also, confidence: "high", suppressed: false };
		}),
		curl: `curl --include --globoff --path-as-is --request '${chain.method}' --url '${chain.url}'`, line: chain.id * 7,
	};
}

export const RULES = Object.keys(TOLD).map((id) => ({
	id, group: "A", severity: "error", fault: TOLD[id][0], summary: `What ${id} means, in a sentence.`,
	condition: "The status is 307 or 308 and the follow-up's method differs.", source: TOLD[id][4], example: "POST /pay -307-> /v2/pay; then GET /v2/pay",
	advice: "Let the client resend the request as it was.",
}));

// Each of these would run, ask somebody, or spoil the page if it were taken for more than text.
export const ATTACKS = [
	"<script>window.__hacked = 1</script>",
	"<img src=x onerror=\"window.__hacked = 2\">",
	"\"><svg onload=window.__hacked=3>",
	"</code></li></ol><iframe src=\"javascript:parent.__hacked=4\"></iframe>",
	"javascript:window.__hacked=5",
	"<a href=\"http://127.0.0.1:9/leak\">click</a><link rel=stylesheet href=http://127.0.0.1:9/leak.css>",
	"{{constructor.constructor('window.__hacked=6')()}}${window.__hacked=7}",
	"\u0000\u0001\u0007\u001b[31mred\u001b[0m\r\nSet-Cookie: a=b\u007f\u0085\u009b",
	"\u202egnp.exe\u202c \u2066isolated\u2069 \u200f\u061c\ufeff\u2028line\u2029",
	"a\u0300\u0301\u0302\u0303\u0304\u0305\u0306\u0307\u0308\u0309\u030a\u030b\u030c\u030d\u030e zalgo",
	"\ud800 lone \udfff surrogates \u{e0041}\u{1f468}\u200d\u{1f469} \ue000 \u00a0\u3000",
	"x".repeat(20000) + "THE-END",
	"__proto__", "constructor", "%00%0d%0a", "'; DROP TABLE chains; --", "שלום مرحبا", "",
];

// A chain in whose every text an attack stands.
export function hostile(n) {
	const attack = ATTACKS[n % ATTACKS.length];
	const url = `http://evil.test/${attack}`;
	const bad = summary(n);
	const text = `${attack} #${n}`;
	return {
		...bad, id: n, method: text, url, host: text, target: url, outcome: n % 3 ? "completed" : text, verdict: n % 5 ? "error" : text,
		tag: text, test: text, client: text, run: text, rules: [text, "method-not-preserved"], time: n % 4 ? bad.time : text,
		hop_list: [{
			hop: 1, request: { exchange: 1, method: text, url, status: 307, time: text, content: { length: 9, sha256: text }, fields: [[text, text], ["host", text]] },
			location: text, target: url, outcome: n % 2 ? "followed" : text, reason: text, latency_us: 5,
			match: { level: text, score: 5, confidence: text, state: text, cause: text },
			follow: { exchange: 2, method: text, url, status: 200, content: { length: 0, sha256: null } },
			verdicts: { method: "fail", body: text, headers: "unverifiable", credentials: "pass" },
			reasons: { method: text, body: text, headers: text, credentials: text },
			changes: ["method", "content", "header", "credentials", "origin", "scheme", text].map((what) =>
				({ what, name: text, before: text, after: text, kind: what === "method" ? text : "changed" })),
		}],
		finding_list: [{ rule: text, severity: n % 2 ? "error" : text, fault: text, hop: 1, message: text, expected: text, seen: text, source: text,
			also: text, confidence: text, suppressed: n % 3 === 0, suppressed_by: text, suppressed_reason: text }],
		curl: `curl --url '${text}'`, line: 1,
	};
}
