// SPDX-License-Identifier: MIT
//
// What the list says when it is empty: how to get something into it, or that the filter lets nothing through.

import { button, el, fill } from "./dom.js";
import { plain } from "./text.js";

function command(text) {
	return el("pre", { tabindex: "0" }, text);
}

function howToBegin(status) {
	const proxy = plain(status?.proxy ?? "", 200);
	const url = proxy && `http://${proxy}`;
	if (!proxy)
		return [el("h3", {}, "No redirects in this log"), el("p", {}, "Nothing that was relayed was redirected, so there is no chain to show.")];
	const loopback = /^(?:127\.|localhost|\[::1\])/.test(proxy);
	return [
		el("h3", {}, "No redirects yet"),
		el("p", {}, "hopaudit sees what goes through its proxy. Point a client at it, and chains appear here as they happen:"),
		command(`export http_proxy=${url}\nexport https_proxy=$http_proxy\ncurl -L -d amount=12 http://shop.test/pay`),
		el("p", {}, "HTTPS is opened on the way, once the client trusts this proxy’s authority:"),
		command("eval \"$(hopaudit ca env)\""),
		el("p", { class: "dim" }, "A client that goes around the environment: ", el("code", {}, "hopaudit doctor -- COMMAND"),
			" says what it needs. ", loopback ? "Go and Ruby never send loopback names to a proxy: give the service a name by --resolve." : null),
	];
}

export function showEmpty(box, { status, filter, onClear }) {
	if (filter)
		fill(box, el("h3", {}, "No chain matches"), el("p", {}, "Other chains are there, but none that this filter lets through."),
			button("Show all chains", onClear));
	else
		fill(box, howToBegin(status));
}
