// SPDX-License-Identifier: MIT
//
// A page that is open before anything happened: it says how to begin, and then chains appear by themselves. One of them is
// a 307 whose client lost the content.
import { request } from "node:http";

import { equal, truth } from "../browser.mjs";

// One request through the proxy; resolves to the response's head.
function through(proxy, url, { method = "GET", body = "", headers = {} } = {}) {
	const { hostname, port } = new URL(proxy);
	return new Promise((done, failed) => {
		const all = { Host: new URL(url).host, "User-Agent": "lossy/1.0", "Content-Length": body.length, ...headers };
		const asked = request({ hostname, port, method, path: url, headers: all, agent: false },
			(response) => response.resume().on("end", () => done(response)));
		asked.on("error", failed);
		asked.end(body);
	});
}

async function detailOfLoss(page) {
	await page.waitForSelector(".hops");
	const text = await page.innerText("#chain");
	for (const words of ["method-not-preserved", "POST became GET on a 307", "client’s fault", "307 Temporary Redirect", "RFC 9110 §15.4.8"])
		truth(text.includes(words), `the chain does not say ${words}:\n${text}`);
	const change = (title) => page.locator(".change", { has: page.locator("th", { hasText: new RegExp(`^${title}(?!-)`) }) });
	equal(await change("Method").locator(".before").innerText(), "POST", "method before");
	equal(await change("Method").locator(".after").innerText(), "GET", "method after");
	truth((await change("Method").getAttribute("class")).includes("bad"), "the lost method is not highlighted");
	truth((await change("Method").locator(".verdict").innerText()).includes("fail"), "the method's verdict");
	equal(await change("Content").locator(".before").innerText(), "9 bytes", "content before");
	truth(/lost.*bad/.test(await change("Content").getAttribute("class")), "the lost content is not highlighted");
	truth((await page.locator(".curl").innerText()).includes("curl "), "no curl line");
	truth(/confidence (high|medium|low)/.test(text), "no confidence of the match");
}

export default async function live({ url, proxy, origin, open }) {
	const guarded = await open(url);
	const { page } = guarded;
	await page.waitForSelector("#empty:not([hidden])");
	await page.waitForFunction(() => document.getElementById("connection").dataset.state === "live");
	const empty = await page.innerText("#empty");
	truth(empty.includes(`http_proxy=${proxy}`), `the empty list does not name the proxy ${proxy}:\n${empty}`);
	await guarded.accessible("empty");
	await guarded.shot("empty");

	const redirected = await through(proxy, `${origin}/pay`, { method: "POST", body: "amount=12", headers: { "Content-Type": "application/x-www-form-urlencoded" } });
	equal(redirected.statusCode, 307, "the origin's answer");
	await through(proxy, new URL(redirected.headers.location, origin).href);
	const row = page.locator("#list .row");
	await row.first().waitFor();
	await page.waitForFunction(() => document.querySelector("#list .row.error"));
	const words = await row.first().innerText();
	truth(words.includes("POST") && words.includes("/pay") && words.includes("307") && words.includes("method-not-preserved"), `the row says ${words}`);
	await page.waitForFunction(() => [...document.querySelectorAll("#totals div")].some((each) => each.textContent === "error1"));

	await row.first().click();
	await detailOfLoss(page);
	await guarded.shot("lost-body");
	await page.click(".rule summary");
	await page.waitForFunction(() => document.querySelector(".rule-words")?.textContent.includes("307 or 308"));
	await guarded.accessible("the detail");

	const before = Number(await page.getAttribute("#list .row", "aria-setsize"));
	await through(proxy, `${origin}/old`);
	await page.waitForFunction((n) => Number(document.querySelector("#list .row").getAttribute("aria-setsize")) === n, before + 1);
	truth((await page.innerText("#chain")).includes("POST became GET"), "the chosen chain stays");
}
