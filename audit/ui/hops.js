// SPDX-License-Identifier: MIT
//
// The hop diagram: request, redirect, request, redirect, ... and what the chain ended in; between two requests what was
// kept and what was not. Nothing is judged here: before, after and verdict are the audit's.

import { el } from "./dom.js";
import { findingsAt } from "./findings.js";
import { kindOf, levelName, mark, outcomeName, statusName, wordOf } from "./names.js";
import { brief, moment, plain, shown, url, value } from "./text.js";
import { bytes, duration } from "./units.js";

// What is compared, and the verdict that is about it.
const ASPECTS = [
	{ what: "method", title: "Method", property: "method" },
	{ what: "content", title: "Content", property: "body" },
	{ what: "header", title: "Headers", property: "headers" },
	{ what: "credentials", title: "Credentials", property: "credentials" },
	{ what: "origin", title: "Origin" },
	{ what: "scheme", title: "Scheme" },
];
const KINDS = { same: "kept", changed: "changed", lost: "lost", added: "added", leaked: "leaked", unknown: "not compared" };

function content(facts) {
	if (!facts)
		return null;
	const length = facts.length ?? 0;
	const parts = [length > 0 || facts.sha256 ? bytes(length) : "no content"];
	if (facts.complete === false)
		parts.push("incomplete");
	return el("span", { class: "content" }, parts.join(", "),
		facts.sha256 ? [" ", el("abbr", { class: "digest", title: `SHA-256 ${plain(facts.sha256, 80)}` }, `sha256 ${brief(facts.sha256, 12, "").textContent}`)] : null);
}

// [["name", "value"]], or {"name": "value"}
function fieldList(fields) {
	const list = Array.isArray(fields) ? fields : Object.entries(fields ?? {});
	if (list.length === 0)
		return null;
	return el("details", { class: "fields" },
		el("summary", {}, `${list.length} header field${list.length === 1 ? "" : "s"}`),
		el("dl", {}, list.map(([name, held]) => [el("dt", {}, value(name, { max: 80 })), el("dd", {}, value(held))])));
}

function request(facts, number, { last = false } = {}) {
	const status = last && facts.status ? el("span", { class: "status" }, el("b", {}, String(facts.status)), " ", statusName(facts.status)) : null;
	return el("li", { class: `request${last ? " last" : ""}` },
		el("p", { class: "start" },
			el("b", { class: "method" }, value(facts.method, { max: 40, name: "span" })), " ", url(facts.url)),
		el("p", { class: "facts" },
			content(facts.content),
			facts.time ? moment(facts.time, { fraction: true }) : null,
			facts.exchange ? el("span", {}, `exchange ${facts.exchange}`) : null),
		fieldList(facts.fields), status ? el("p", { class: "answer" }, "answered ", status) : null);
}

function matchOf(match) {
	if (!match || !match.level)
		return null;
	const said = [levelName(match.level), match.cause, match.state && match.state !== "final" ? match.state : null, match.late ? "came late" : null,
		match.ambiguous ? `ambiguous: ${match.ambiguous}` : null].filter(Boolean).join("; ");
	return el("p", { class: "facts match" },
		el("span", {}, "match ", el("b", {}, brief(match.level, 20, "")), said ? [" ", el("span", { class: "dim" }, "(", brief(said, 200, ""), ")")] : null),
		el("span", { class: `confidence ${["high", "medium", "low"].includes(match.confidence) ? match.confidence : "none"}` },
			"confidence ", brief(match.confidence ?? "none", 20, "")),
		match.score !== undefined && match.score !== null ? el("span", {}, `score ${match.score}`) : null);
}

function side(text) {
	return text === null || text === undefined || text === "" ? el("span", { class: "none" }, "none") : value(text, { max: 120 });
}

function verdictCell(verdict, reason) {
	return el("td", { class: `verdict ${kindOf(verdict)}` },
		verdict ? [mark(verdict, { spoken: false }), " ", wordOf(verdict)] : null,
		reason ? el("span", { class: "reason" }, shown(reason)) : null);
}

// A change without a verdict of its own is judged with the method where that is wrong: content that went with it is lost.
function changeRow(title, change, verdict, reason, withMethod = false) {
	const kind = change && (Object.hasOwn(KINDS, change.kind) ? KINDS[change.kind] : change.kind);
	const bad = verdict === "fail" || change?.kind === "leaked" || withMethod;
	const look = bad ? "bad" : ["origin", "scheme"].includes(change?.what) ? "elsewhere" : "calm";
	return el("tr", { class: `change ${change && Object.hasOwn(KINDS, change.kind) ? change.kind : ""} ${look}` },
		el("th", { scope: "row" }, title, change?.name ? value(change.name, { max: 60, className: "value name" }) : null),
		change ? [el("td", { class: "before" }, side(change.before)), el("td", { class: "after" }, side(change.after)),
			el("td", { class: "kind" }, shown(kind))] : el("td", { colspan: "3" }),
		verdictCell(verdict, withMethod ? "goes with the method" : reason));
}

// What of an aspect is worth rows: what is not the same, or what is not known to be right.
function rowsOf(aspect, hop) {
	const verdict = aspect.property ? hop.verdicts?.[aspect.property] : undefined;
	const reason = aspect.property ? hop.reasons?.[aspect.property] : undefined;
	const mine = (hop.changes ?? []).filter((change) => change.what === aspect.what);
	const other = mine.filter((change) => change.kind !== "same");
	if (other.length > 0)
		return other.map((change, i) => changeRow(aspect.title, change, i === 0 ? verdict : undefined, i === 0 ? reason : undefined,
			aspect.what === "content" && !verdict && hop.verdicts?.method === "fail"));
	if (verdict && verdict !== "pass")
		return [changeRow(aspect.title, mine[0], verdict, reason)];
	return [];
}

// "✓ kept: method GET, content, headers, credentials"
function keptLine(hop, aspects) {
	const known = aspects.filter(({ what, property }) => hop.verdicts?.[property] === "pass" ||
		(hop.changes ?? []).some((change) => change.what === what));
	if (known.length === 0)
		return null;
	return el("p", { class: "facts kept" }, el("span", {}, mark("pass", { spoken: false }), " kept: ",
		known.map(({ title }) => title.toLowerCase()).join(", ")));
}

function changes(hop) {
	const told = ASPECTS.map((aspect) => ({ aspect, rows: rowsOf(aspect, hop) }));
	const rows = told.flatMap((each) => each.rows);
	const kept = keptLine(hop, told.filter((each) => each.rows.length === 0).map((each) => each.aspect));
	if (rows.length === 0)
		return kept;
	return [kept, el("div", { class: "changes", role: "region", tabindex: "0", "aria-label": `What changed at hop ${hop.hop}` }, el("table", {},
		el("thead", {}, el("tr", {}, ["Compared", "Redirected request", "Follow-up", "", "Verdict"].map((title) =>
			el("th", { scope: "col" }, title || el("span", { class: "unseen" }, "Kind"))))),
		el("tbody", {}, rows)))];
}

function redirect(hop, chain) {
	const status = hop.request?.status ?? hop.status;
	const followed = hop.outcome === "followed";
	return el("li", { class: `redirect ${Object.values(hop.verdicts ?? {}).includes("fail") ? "bad" : ""}` },
		el("p", { class: "start" },
			el("b", { class: "status" }, String(status ?? "")), " ", statusName(status), " ",
			hop.location !== null && hop.location !== undefined
				? el("span", { class: "location" }, el("span", { class: "dim" }, "Location: "), value(hop.location))
				: el("span", { class: "dim" }, "no Location"),
			chain.hop_list.length > 1 ? el("span", { class: "hop-number" }, `hop ${hop.hop}`) : null),
		el("p", { class: "facts" },
			hop.target && hop.target !== hop.location ? el("span", {}, "which is ", url(hop.target)) : null,
			hop.target ? null : el("span", { class: "unsure" }, "not usable as a target"),
			el("span", { class: followed ? "" : "unsure" }, outcomeName(hop.outcome), hop.reason ? [": ", shown(hop.reason)] : null),
			hop.latency_us !== undefined && hop.latency_us !== null && followed ? el("span", {}, `after ${duration(hop.latency_us)}`) : null),
		matchOf(hop.match), findingsAt(chain, hop.hop),
		followed || Object.keys(hop.verdicts ?? {}).length ? changes(hop) : null);
}

export function hopDiagram(chain) {
	const hops = chain.hop_list ?? [];
	const last = hops.at(-1);
	const steps = [];
	hops.forEach((hop, i) => {
		if (hop.request)
			steps.push(request(hop.request, i));
		steps.push(redirect(hop, chain));
	});
	if (last?.follow)
		steps.push(request({ ...last.follow, status: last.follow.status || chain.final_status }, hops.length, { last: true }));
	else if (last)
		steps.push(el("li", { class: "request last gone" }, el("p", { class: "start" }, outcomeName(chain.outcome))));
	return el("ol", { class: "hops" }, steps);
}
