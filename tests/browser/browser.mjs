// SPDX-License-Identifier: MIT
//
// Debian's Chromium by playwright-core, and a page that fails its test when anything is wrong in it that no test asked
// about: an error on the console, a request to anybody else, a violation of the policy.
import { existsSync, mkdirSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { fileURLToPath } from "node:url";
import path from "node:path";

const root = fileURLToPath(new URL("../../", import.meta.url));
const require = createRequire(path.join(root, "build/node/"));
const { chromium } = require("playwright-core");

export const artifacts = process.env.HOPAUDIT_ARTIFACTS ?? path.join(root, "build/artifacts");
export const PATIENCE = 20_000; // ms; the longest that anything here waits for

export async function startBrowser() {
	const executablePath = ["/usr/bin/chromium", "/usr/bin/chromium-browser"].find((each) => existsSync(each));
	return chromium.launch({ executablePath, args: ["--no-sandbox", "--force-color-profile=srgb"] });
}

export class Guarded {
	problems = [];
	#allowed = [];

	static async open(browser, origin, { options = {}, path: where = "/" } = {}) {
		const guarded = new Guarded();
		guarded.origin = origin;
		guarded.context = await browser.newContext({ viewport: { width: 1440, height: 900 }, ...options });
		guarded.context.setDefaultTimeout(PATIENCE);
		await guarded.context.addInitScript(() => {
			addEventListener("securitypolicyviolation", (event) =>
				console.error(`policy violated: ${event.violatedDirective} ${event.blockedURI} ${event.sample}`));
		});
		guarded.page = await guarded.context.newPage();
		guarded.#watch();
		await guarded.page.goto(origin + where);
		return guarded;
	}

	// What a test makes happen on purpose.
	allow(pattern) {
		this.#allowed.push(pattern);
	}

	#watch() {
		const { page, problems, context } = this;
		const note = (text) => {
			if (!this.#allowed.some((pattern) => pattern.test(text)))
				problems.push(text);
		};
		page.on("console", (message) => {
			if (["error", "warning"].includes(message.type()))
				note(`console: ${message.text()} ${message.location().url}`);
		});
		page.on("pageerror", (error) => note(`uncaught: ${error.stack}`));
		page.on("dialog", (dialog) => {
			note(`dialog: ${dialog.message()}`);
			dialog.dismiss();
		});
		page.on("framenavigated", (frame) => {
			if (!frame.url().startsWith(this.origin) && frame.url() !== "about:blank")
				note(`navigated to ${frame.url()}`);
		});
		context.on("page", (other) => note(`opened ${other.url()}`));
		context.on("request", (request) => {
			if (!request.url().startsWith(`${this.origin}/`) && !request.url().startsWith("data:"))
				note(`asked ${request.url()}`);
		});
	}

	check() {
		if (this.problems.length > 0)
			throw new Error(`the page had problems of its own:\n${[...new Set(this.problems)].join("\n")}`);
	}

	async shot(name, options = {}) {
		mkdirSync(artifacts, { recursive: true });
		await this.page.screenshot({ path: path.join(artifacts, `dashboard-${name}.png`), ...options });
	}

	async close() {
		await this.context.close();
		this.check();
	}

	// axe's serious and critical violations; there must be none.
	async accessible(where) {
		const axe = readFileSync(require.resolve("axe-core/axe.min.js"), "utf8");
		await this.page.evaluate(axe);
		const found = await this.page.evaluate(() => globalThis.axe.run(document, { resultTypes: ["violations"] }));
		const bad = found.violations.filter(({ impact }) => ["serious", "critical"].includes(impact));
		if (bad.length > 0)
			throw new Error(`axe, ${where}:\n${bad.map(({ id, impact, help, nodes }) =>
				`${impact} ${id}: ${help}\n${nodes.slice(0, 5).map(({ html, failureSummary }) => `    ${html.slice(0, 200)}\n    ${failureSummary.replace(/\n/g, "\n    ")}`).join("\n")}`).join("\n")}`);
	}
}

export function equal(seen, expected, what) {
	if (seen !== expected)
		throw new Error(`${what}: ${JSON.stringify(seen)}, not ${JSON.stringify(expected)}`);
}

export function truth(condition, what) {
	if (!condition)
		throw new Error(what);
}

// What the API says, which the page must show.
export async function api(origin, where, parameters = {}) {
	const answer = await fetch(`${origin}/api/v1/${where}?${new URLSearchParams(parameters)}`);
	if (!answer.ok)
		throw new Error(`${where}: ${answer.status} ${await answer.text()}`);
	return answer.json();
}

// What is seen of the list: its rows in order of place, without those beyond its edges.
export const rowsSeen = (page) => page.$$eval("#list .row", (rows) => {
	const box = document.getElementById("list").getBoundingClientRect();
	return rows.map((row) => ({ row, at: row.getBoundingClientRect() }))
		.filter(({ at }) => at.bottom > box.top + 1 && at.top < box.bottom - 1).sort((a, b) => a.at.top - b.at.top)
		.map(({ row }) => ({ place: Number(row.getAttribute("aria-posinset")), label: row.getAttribute("aria-label"), text: row.textContent }));
});

export const countSays = (page, text) => page.waitForFunction((words) => document.getElementById("count").textContent === words, text);

// What must not reach a page as it is: controls, and what turns or hides the text around it.
const UNSEEN = /[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff]/;

// Nothing of what came from traffic has become anything but text; the attacks of the tests set __hacked where they run.
export async function unharmed(page, where) {
	equal(await page.evaluate(() => globalThis.__hacked), undefined, `${where}: a script ran`);
	const made = await page.evaluate(() => ({
		strangers: [...document.querySelectorAll("iframe, object, embed, svg, img, base, style, a:not(.skip), script:not([src^='/assets/']), link:not([href^='/assets/']):not([rel=icon])")].map((node) => node.outerHTML.slice(0, 200)),
		handlers: [...document.querySelectorAll("*")].filter((node) => [...node.attributes].some(({ name }) => name.startsWith("on"))).length,
	}));
	equal(made.strangers.join("\n"), "", `${where}: elements that the page does not make`);
	equal(made.handlers, 0, `${where}: attributes that would run`);
	const text = await page.evaluate(() => document.body.textContent + [...document.querySelectorAll("*")].flatMap((node) =>
		[...node.attributes].map(({ value }) => value)).join(" ") + document.title);
	const raw = UNSEEN.exec(text.replace(/[\n\t]/g, " "));
	truth(raw === null, `${where}: U+${raw?.[0].codePointAt(0).toString(16)} came through as it is`);
}
