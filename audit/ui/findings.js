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

function one(finding, chain, onRule) {
	const accepted = Boolean(finding.suppressed);
	const severity = accepted ? "accepted" : finding.severity;
	const fault = faultName(finding.fault);
	const where = finding.hop && chain.hops > 1 ? `hop ${finding.hop}` : null;
	return el("li", { class: `finding ${kindOf(severity)}` },
		el("h4", {}, mark(severity), " ",
			el("span", { class: "severity", "aria-hidden": "true" }, wordOf(severity)), " ",
			button(brief(finding.rule, 100, "rule-id value"), () => onRule(finding.rule),
				{ class: "quiet rule-filter", title: "Show the chains with this rule" })),
		value(finding.message, { max: 1000, name: "p", className: "message" }),
		el("p", { class: "facts" }, [where, fault, finding.confidence && finding.confidence !== "none" ? `confidence ${finding.confidence}` : null]
			.filter(Boolean).map((text) => brief(text, 80, ""))),
		evidence(finding), explanation(finding));
}

// The list, or a sentence. onRule(id) filters by that rule.
export function findingList(chain, onRule) {
	const all = chain.finding_list ?? [];
	if (all.length === 0)
		return el("p", { class: "nothing" }, chain.outcome === "open" ? "Nothing was found so far." : "Nothing was found.");
	return el("ul", { class: "findings" }, all.map((finding) => one(finding, chain, onRule)));
}
