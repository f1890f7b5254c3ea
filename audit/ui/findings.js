// SPDX-License-Identifier: MIT
//
// What was found at the chosen chain: what was expected, what was seen, why, and what the rule means.

import { askRule } from "./api.js";
import { button, el, fill } from "./dom.js";
import { faultName, kindOf, mark, wordOf } from "./names.js";
import { brief, shown, value } from "./text.js";

const RULE_ID = /^[a-z0-9-]{1,80}$/;

function evidence(finding) {
	const also = Array.isArray(finding.also) ? finding.also.join(" ") : finding.also;
	const rows = [["expected", finding.expected], ["seen", finding.seen], ["why", finding.source], ["also", also],
		["accepted by", finding.suppressed_by], ["because", finding.suppressed_reason]].filter(([, text]) => text);
	return el("dl", { class: "evidence" }, rows.map(([label, text]) =>
		[el("dt", {}, label), el("dd", { class: label }, label === "why" ? value(text, { name: "span", className: "prose" }) : value(text))]));
}

function ruleWords(rule) {
	const rows = [["fires when", rule.condition], ["example", rule.example], ["what to do", rule.advice], ["source", rule.source]];
	return [rule.summary ? el("p", {}, shown(rule.summary)) : null,
		el("dl", { class: "evidence" }, rows.filter(([, text]) => text).map(([label, text]) =>
			[el("dt", {}, label), el("dd", {}, label === "example" ? value(text) : value(text, { max: 2000, name: "span", className: "prose" }))]))];
}

// What the rule means, asked for when it is opened.
function explanation(finding) {
	const body = el("div", { class: "rule-words" }, finding.explanation ? el("p", {}, shown(finding.explanation)) : null);
	const details = el("details", { class: "rule" }, el("summary", {}, "About this rule"), body);
	details.addEventListener("toggle", async () => {
		if (!details.open || details.dataset.asked || !RULE_ID.test(finding.rule))
			return;
		details.dataset.asked = "yes";
		try {
			fill(body, ruleWords(await askRule(finding.rule)));
		} catch (problem) {
			delete details.dataset.asked;
			if (!finding.explanation)
				fill(body, el("p", { class: "dim" }, shown(problem.message)));
		}
	});
	return details;
}

const RANK = { error: 0, warning: 1, info: 2, accepted: 3 };
const severityOf = (finding) => finding.suppressed ? "accepted" : finding.severity;

function words(finding, several) {
	const where = several && finding.hop ? `hop ${finding.hop}` : null;
	const confidence = finding.confidence && finding.confidence !== "none" ? `confidence ${finding.confidence}` : null;
	return el("p", { class: "facts" }, [where, faultName(finding.fault), confidence].filter(Boolean).map((text) => brief(text, 80, "")));
}

function titleOf(finding) {
	const severity = severityOf(finding);
	return [mark(severity, { spoken: false }), " ", el("span", { class: "severity" }, wordOf(severity)), " "];
}

// The same at another hop.
function another(finding, first) {
	return el("li", {}, el("span", { class: "dim" }, finding.hop ? `hop ${finding.hop}` : "again"), " ",
		finding.message === first.message ? "the same" : brief(finding.message, 300, "message"),
		finding.seen ? [el("span", { class: "dim" }, " · seen "), brief(finding.seen, 200, "value")] : null);
}

// What is wrong, or may be: all of it at a glance. A rule that fired at several hops says so once.
function card([finding, ...others], several, onRule) {
	return el("li", { class: `finding ${kindOf(severityOf(finding))}` },
		el("h4", {}, titleOf(finding),
			button(brief(finding.rule, 100, "rule-id value"), () => onRule(finding.rule),
				{ class: "quiet rule-filter", title: "Show the chains with this rule" })),
		value(finding.message, { max: 1000, name: "p", className: "message" }),
		words(finding, several), evidence(finding),
		others.length ? el("ul", { class: "again", "aria-label": "The same at other hops" }, others.map((each) => another(each, finding))) : null,
		explanation(finding));
}

// A note, or what was accepted: one line, and the rest when it is opened.
function note([finding, ...others], several, onRule) {
	const hops = [finding, ...others].map((each) => each.hop).filter(Boolean);
	return el("li", { class: `finding note ${kindOf(severityOf(finding))}` },
		el("details", {},
			el("summary", {}, titleOf(finding), brief(finding.rule, 100, "rule-id value"), " ",
				several && hops.length ? el("span", { class: "dim" }, `hop ${hops.join(", ")} `) : null, brief(finding.message, 300, "message")),
			words(finding, several), evidence(finding),
			others.length ? el("ul", { class: "again", "aria-label": "The same at other hops" }, others.map((each) => another(each, finding))) : null,
			explanation(finding),
			button("Show the chains with this rule", () => onRule(finding.rule), { class: "quiet" })));
}

// The worst first, those of one rule together.
function grouped(findings) {
	const rank = (finding) => RANK[severityOf(finding)] ?? RANK.info;
	const groups = new Map();
	for (const finding of [...findings].sort((a, b) => rank(a) - rank(b) || (a.hop ?? 0) - (b.hop ?? 0))) {
		const key = `${rank(finding)} ${finding.rule}`;
		groups.set(key, [...groups.get(key) ?? [], finding]);
	}
	return [...groups.values()];
}

// The list, or a sentence. onRule(id) filters by that rule.
export function findingList(chain, onRule) {
	const all = chain.finding_list ?? [];
	if (all.length === 0)
		return el("p", { class: "nothing" }, chain.outcome === "open" ? "Nothing was found so far." : "Nothing was found.");
	const loud = ([finding]) => ["error", "warning"].includes(severityOf(finding));
	return el("ul", { class: "findings" }, grouped(all).map((group) => (loud(group) ? card : note)(group, chain.hops > 1, onRule)));
}

// The rules that fired at a hop, for the diagram.
export function findingsAt(chain, hop) {
	const rules = new Map();
	for (const finding of chain.finding_list ?? []) {
		if (finding.hop === hop && !rules.has(finding.rule))
			rules.set(finding.rule, severityOf(finding));
	}
	if (rules.size === 0)
		return null;
	return el("p", { class: "facts fired" }, [...rules].map(([rule, severity]) =>
		el("span", { class: `fired-rule ${kindOf(severity)}` }, mark(severity), " ", brief(rule, 80, "value"))));
}
