// SPDX-License-Identifier: MIT
//
// 200,000 chains (by the fake server): the page holds a few rows of them, any can be reached, scrolling stays quick, and
// what is new does not move what is read. And a million, which is more pixels than a browser can lay out.
import { equal, rowsSeen, truth } from "../browser.mjs";
import { startFake } from "../fake_server.mjs";

const MOST_ROWS = 80;
const FRAME_MS = 8; // half of what 60 frames a second leave; about 3 are needed

const elements = (page) => page.evaluate(() => document.querySelectorAll("*").length);
const here = (page) => page.waitForFunction(() => !document.querySelector("#list .coming") && document.querySelector("#list .row"));

// Scrolls down frame by frame; resolves to the milliseconds of CPU that script, styles and layout took in each. Not of the
// clock: the machine may have other work.
async function scrolling(page, frames, step) {
	const devtools = await page.context().newCDPSession(page);
	await devtools.send("Performance.enable", { timeDomain: "threadTicks" });
	const spent = async () => (await devtools.send("Performance.getMetrics")).metrics
		.filter(({ name }) => ["ScriptDuration", "LayoutDuration", "RecalcStyleDuration"].includes(name))
		.reduce((sum, { value }) => sum + value, 0);
	const before = await spent();
	await page.evaluate(({ n, by }) => new Promise((done) => {
		const list = document.getElementById("list");
		let left = n;
		const frame = () => {
			list.scrollTop += by;
			left--;
			if (left > 0)
				requestAnimationFrame(frame);
			else
				done();
		};
		requestAnimationFrame(frame);
	}), { n: frames, by: step });
	const after = await spent();
	await devtools.detach();
	return (after - before) * 1000 / frames;
}

async function reach(page, fraction, total) {
	await page.evaluate((f) => {
		const list = document.getElementById("list");
		list.scrollTop = f * (list.scrollHeight - list.clientHeight);
	}, fraction);
	await page.waitForFunction(({ f, n }) => {
		const row = document.querySelector("#list .row:not(:has(.coming))");
		return row && Math.abs(Number(row.getAttribute("aria-posinset")) - f * n) < n / 100 + 100 && !document.querySelector("#list .coming");
	}, { f: fraction, n: total });
	const seen = await rowsSeen(page);
	for (let i = 1; i < seen.length; i++)
		equal(seen[i].place, seen[i - 1].place + 1, "rows follow one another");
	return seen;
}

async function wholeList(page, total) {
	await here(page);
	const began = await elements(page);
	for (const fraction of [0.5, 0.123, 0.987]) {
		await reach(page, fraction, total);
		truth(await page.locator("#list .row").count() <= MOST_ROWS, "few rows are elements");
	}
	truth(await elements(page) < began + 2000, "the page does not grow");
	let seen = await reach(page, 1, total);
	equal(seen.at(-1).place, total, "the last row is there");
	seen = await reach(page, 0, total);
	equal(seen[0].place, 1, "and the first");
	await page.focus("#list");
	await page.keyboard.press("End");
	await page.waitForFunction((n) => document.getElementById("list").getAttribute("aria-activedescendant") === `row-${n - 1}`, total);
	await page.waitForFunction(() => location.search.includes("chain=1") && document.querySelector(".hops"));
	await page.keyboard.press("PageUp");
	await page.waitForFunction(() => !location.search.endsWith("chain=1"));
	seen = await rowsSeen(page);
	truth(seen.some(({ place }) => place > total - 60), "the list stays where the keys are");
	await page.keyboard.press("Home");
	await page.waitForFunction((n) => location.search.includes(`chain=${n}`), total);
}

export default async function many({ open }) {
	const total = 200_000;
	const fake = await startFake({ chains: total });
	try {
		const guarded = await open(fake.url);
		const { page } = guarded;
		await wholeList(page, total);
		await guarded.shot("200000");

		const cost = await scrolling(page, 120, 37);
		console.log(`a frame while scrolling: ${cost.toFixed(1)} ms of CPU`);
		truth(cost > 0 && cost < FRAME_MS, `scrolling is slow: ${cost} ms a frame`);

		// What is read stays where it is while chains come; at the top it follows.
		await reach(page, 0.25, total);
		const before = await rowsSeen(page);
		fake.add(40);
		await page.waitForFunction((n) => Number(document.querySelector("#list .row").getAttribute("aria-setsize")) === n, total + 40);
		await here(page);
		const after = await rowsSeen(page);
		equal(after[1].label, before[1].label, "the row that is read");
		equal(after[1].place, before[1].place + 40, "its place");
		truth((await page.innerText("#fresh")).includes("40 new chains"), "the page says that there are new ones");
		await page.click("#fresh");
		await page.waitForFunction(() => document.querySelector("#list .row[aria-posinset='1']"));
		truth(await page.locator("#fresh").isHidden(), "and no longer where they are seen");

		// A slow server, and one that is gone: what is there stays, and it goes on by itself.
		fake.state.slow = 300;
		await reach(page, 0.6, total + 40);
		fake.state.slow = 0;
		guarded.allow(/ERR_INCOMPLETE_CHUNKED_ENCODING|ERR_CONNECTION_RESET|ERR_CONNECTION_REFUSED|net::ERR/);
		fake.dropStreams();
		await page.waitForFunction(() => document.getElementById("connection").dataset.state === "lost");
		await page.waitForFunction(() => document.getElementById("connection").dataset.state === "live");
	} finally {
		await fake.close();
	}
}
